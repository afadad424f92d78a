import { isIP } from 'node:net';

/**
 * '' when the Host header names this daemon, else why not. A web page can give its own name the address of this
 * machine (DNS rebinding) and have the browser ask here; then the header still says that name. An address is no
 * name that anybody could turn to another place, and a request without the header comes from no browser.
 */
export function hostProblem(header: string | undefined, names: ReadonlySet<string>): string {
  if (header === undefined) return '';
  const host = hostOf(header);
  if (host === null) return 'the Host header is neither an address nor a name';
  if (isIP(host) !== 0 || names.has(host)) return '';
  return `"${host}" is none of the names of this daemon: use its address, or add the name to http.hosts in its configuration`;
}

/** Without port and brackets, in lower case; null for what is no host. */
function hostOf(header: string): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(header);
  const host = match?.[1] ?? match?.[2];
  return host === undefined ? null : host.toLowerCase().replace(/\.$/, '');
}
