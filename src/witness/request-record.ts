import { z } from 'zod';
import type { RequestReading } from '../core/afar-state.ts';

/** Longer than any command waits; what claims to live longer was not written by this program. */
export const REQUEST_LIFE_MOST_MS = 3_600_000;
/** An HTTP date counts whole seconds: the second that it names may be over but for a moment. */
const DATE_STEP_MS = 1_000;

const name = z.string().min(1).max(63);
/** Goes into logs and heartbeats: no line breaks, nothing that a terminal would obey. */
const words = z
  .string()
  .max(300)
  .regex(/^\P{C}*$/u, 'has control characters');

const schema = z.object({
  v: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{16}$/),
  group: name,
  target: name,
  kind: z.enum(['switchover', 'force']),
  by: words.min(1),
  /** By the witness's clock. */
  expires: z.iso.datetime(),
  /** What became of it, written by a node. */
  verdict: z.object({ status: z.enum(['done', 'refused']), reason: words, by: name }).optional(),
});

/** What stands in `<prefix>/request`. */
export type RequestRecord = z.infer<typeof schema>;

export type DecodedRequest =
  | { readonly status: 'request'; readonly record: RequestRecord }
  | { readonly status: 'foreign'; readonly reason: string };

export const encodeRequest = (record: RequestRecord): string => JSON.stringify(record);

/** Fields that are not known are ignored, so that a later version may add some. Never throws. */
export function decodeRequest(value: string): DecodedRequest {
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch {
    return { status: 'foreign', reason: 'it is not JSON' };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { status: 'request', record: parsed.data };
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? 'it' : issue.path.join('.');
  return { status: 'foreign', reason: `${where}: ${issue?.message ?? 'invalid'}` };
}

/** What a value means at the date of the answer that brought it; null: there is none. */
export function requestReading(value: string | null, dateMs: number): RequestReading {
  if (value === null) return { status: 'none' };
  const decoded = decodeRequest(value);
  if (decoded.status === 'foreign') return { status: 'nonsense', reason: decoded.reason };
  const { id, group, target, kind, by, expires, verdict } = decoded.record;
  const leftMs = Date.parse(expires) - dateMs - DATE_STEP_MS;
  if (verdict !== undefined || leftMs <= 0) return { status: 'none' };
  if (leftMs > REQUEST_LIFE_MOST_MS) {
    return { status: 'nonsense', reason: `expires: ${expires} is more than an hour away` };
  }
  return { status: 'pending', request: { id, group, target, kind, by, leftMs } };
}
