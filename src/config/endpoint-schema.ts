import { isIP } from 'node:net';
import { z } from 'zod';

/** "10.0.0.2:443" as a host and a port; no name, for that would make it a question to DNS. */
export const endpointSchema = z.string().transform((text, context) => {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  if (isIP(host) !== 0 && port >= 1 && port <= 65_535) return { host, port };
  const message = 'must be an IP address and a port, like 10.0.0.2:443 or [::1]:8080';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});
