/** Names of nodes here are those of `uname -n` without the domain: heartbeats and parameters carry no dots. */
export function nodeNames(hostnames: readonly string[]): ReadonlyMap<string, string> {
  const short = hostnames.map((hostname) => cleaned(hostname.split('.')[0] ?? ''));
  const isUnique = new Set(short).size === short.length;
  return new Map(
    hostnames.map((hostname, index) => [hostname, isUnique ? (short[index] ?? '') : cleaned(hostname)]),
  );
}

/** Letters, digits, "-" and "_", at most 63, beginning with a letter or a digit; "" when nothing is left. */
export function cleaned(text: string): string {
  return text
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[-_]+/, '')
    .slice(0, 63)
    .replace(/-+$/, '');
}
