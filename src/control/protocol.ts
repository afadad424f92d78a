import { z } from 'zod';
import { statusSnapshotSchema } from './status-snapshot.ts';

/**
 * The language of the control socket: one JSON object a line, UTF-8. A connection carries one request.
 *
 *     client                                 daemon
 *     {"version":1,"type":"status"}     →
 *                                       ←    {"type":"status","snapshot":{…}}      (again and again with "watch")
 *                                       ←    {"type":"result","status":"done",…}
 *
 * Before a request that changes anything the daemon asks who is there, see `peer-identity.ts`:
 *
 *                                       ←    {"type":"challenge","path":"…","content":"…"}
 *     {"type":"proof","written":true}   →
 */
export const CONTROL_VERSION = 1;
export const MAX_REQUEST_BYTES = 64 * 1024;
/** A snapshot of 30 groups and 16 nodes is about 100 KB. */
export const MAX_ANSWER_BYTES = 1024 * 1024;

const name = z.string().min(1).max(63);

/** The longest that one command may be waited for. */
export const MAX_COMMAND_TIMEOUT_MS = 3_600_000;

const requestSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('status'), watch: z.boolean().default(false) }),
  z.strictObject({
    type: z.literal('move'),
    group: name,
    target: name,
    kind: z.enum(['switchover', 'force']),
    timeoutMs: z.number().positive().max(MAX_COMMAND_TIMEOUT_MS),
  }),
  z.strictObject({ type: z.literal('set-drained'), drained: z.boolean() }),
  z.strictObject({ type: z.literal('maintenance'), group: name.nullable(), on: z.boolean() }),
  z.strictObject({ type: z.literal('cleanup'), group: name.nullable(), node: name.nullable() }),
  z.strictObject({
    type: z.literal('forget'),
    node: name,
    timeoutMs: z.number().positive().max(MAX_COMMAND_TIMEOUT_MS),
  }),
  z.strictObject({ type: z.literal('reload') }),
  z.strictObject({ type: z.literal('stop'), mode: z.enum(['leave', 'hold']) }),
]);

export type ControlRequest = z.output<typeof requestSchema>;
/** What a client may write: defaults left out. */
export type ControlRequestInput = z.input<typeof requestSchema>;

const proofSchema = z.strictObject({ type: z.literal('proof'), written: z.boolean() });

export const resultSchema = z.object({
  type: z.literal('result'),
  status: z.enum(['done', 'refused', 'timeout', 'failed']),
  /** In words; '' when there is nothing to say. */
  reason: z.string(),
  exitCode: z.int().min(0).max(255),
});
export type ControlResult = z.infer<typeof resultSchema>;

export const answerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('challenge'), path: z.string(), content: z.string() }),
  z.object({ type: z.literal('status'), snapshot: statusSnapshotSchema }),
  resultSchema,
]);
export type ControlAnswer = z.infer<typeof answerSchema>;

export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

/** Never throws, whatever the line holds. */
export function decodeRequest(line: string): Decoded<ControlRequest> {
  const parsed = parseJson(line);
  if (!parsed.ok) return parsed;
  if (typeof parsed.value !== 'object' || parsed.value === null)
    return { ok: false, reason: 'is no JSON object' };
  const { version, ...rest } = parsed.value as Record<string, unknown>;
  if (version !== CONTROL_VERSION) {
    const reason = `speaks version ${JSON.stringify(version)} of the control protocol, this daemon ${CONTROL_VERSION}: use the eipkeeper command of the version that runs`;
    return { ok: false, reason };
  }
  return check(requestSchema, rest);
}

export const decodeProof = (line: string): Decoded<z.output<typeof proofSchema>> =>
  decodeWith(proofSchema, line);
export const decodeAnswer = (line: string): Decoded<ControlAnswer> => decodeWith(answerSchema, line);

export function encodeRequest(request: ControlRequestInput): string {
  return `${JSON.stringify({ version: CONTROL_VERSION, ...request })}\n`;
}
export const encodeProof = (written: boolean): string => `${JSON.stringify({ type: 'proof', written })}\n`;
export const encodeAnswer = (answer: ControlAnswer): string => `${JSON.stringify(answer)}\n`;

function decodeWith<T>(schema: z.ZodType<T>, line: string): Decoded<T> {
  const parsed = parseJson(line);
  return parsed.ok ? check(schema, parsed.value) : parsed;
}

function parseJson(line: string): Decoded<unknown> {
  try {
    return { ok: true, value: JSON.parse(line) as unknown };
  } catch {
    return { ok: false, reason: 'is no JSON' };
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown): Decoded<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  const path = issue === undefined ? '' : issue.path.map(String).join('.');
  return { ok: false, reason: `${path === '' ? '' : `${path}: `}${issue?.message ?? 'is not understood'}` };
}
