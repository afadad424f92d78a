import { isIP } from 'node:net';
import { z } from 'zod';

const schema = z.object({
  v: z.literal(1),
  node: z.string().min(1).max(63),
  /** Goes into logs: nothing that a terminal would obey. */
  instanceId: z.string().regex(/^[A-Za-z0-9-]{1,63}$/, 'is no instance id'),
  /** One for each path, in the same order on all nodes. */
  addresses: z
    .array(z.string().refine((text) => isIP(text) !== 0, 'is no IP address'))
    .min(1)
    .max(4),
  /** UDP, of the heartbeats. */
  port: z.int().min(1).max(65_535),
});

/** What stands in `<prefix>/node/<name>`: where the heartbeats of a node go, written by the node itself. */
export type Registration = z.infer<typeof schema>;

export type DecodedRegistration =
  | { readonly status: 'registration'; readonly registration: Registration }
  | { readonly status: 'foreign'; readonly reason: string };

export const encodeRegistration = (registration: Registration): string => JSON.stringify(registration);

/** What stands under the name of `node`. Fields that are not known are ignored. Never throws. */
export function decodeRegistration(value: string, node: string): DecodedRegistration {
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch {
    return { status: 'foreign', reason: 'it is not JSON' };
  }
  return checkRegistration(json, node);
}

export function checkRegistration(value: unknown, node: string): DecodedRegistration {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? 'it' : issue.path.join('.');
    return { status: 'foreign', reason: `${where}: ${issue?.message ?? 'invalid'}` };
  }
  if (parsed.data.node === node) return { status: 'registration', registration: parsed.data };
  return { status: 'foreign', reason: `it is about ${parsed.data.node}` };
}

export const sameRegistration = (one: Registration, two: Registration): boolean =>
  one.node === two.node &&
  one.instanceId === two.instanceId &&
  one.port === two.port &&
  one.addresses.join() === two.addresses.join();
