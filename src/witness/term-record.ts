import { z } from 'zod';
import type { GroupName, Incarnation, Term, TermReason, TermRecord } from '../core/types.ts';

/** A standard parameter of Systems Manager holds this much. */
export const VALUE_BYTES_MAX = 4096;

const REASONS = [
  'first',
  'takeover',
  'defence',
  'switchover',
  'revoke',
  'members',
  'forced',
  'adopt',
  'acting',
] as const satisfies readonly TermReason[];

const schema = z.object({
  v: z.literal(1),
  group: z.string().min(1),
  term: z.int().positive(),
  owner: z.string().min(1),
  incarnation: z.string().regex(/^[0-9a-f]{16}$/),
  leases: z.record(z.string(), z.int().nonnegative()),
  members: z.array(z.string().min(1)).min(1),
  reason: z.enum(REASONS),
  requestedBy: z.string().optional(),
  requestId: z.string().optional(),
  carriedOut: z.array(z.string()).optional(),
  takeovers: z.array(z.number().nonnegative()).optional(),
  optionalMoves: z.object({ count: z.int().positive(), agoMs: z.number().nonnegative() }).optional(),
});

export type Decoded =
  | { readonly status: 'record'; readonly record: TermRecord }
  /** Something else is stored under the name of a term; `reason` says what is wrong with it. */
  | { readonly status: 'foreign'; readonly reason: string };

export function encodeTermRecord(record: TermRecord): string {
  return JSON.stringify({ v: 1, ...record });
}

/** Fields that are not known are ignored, so that a later version may add some. Never throws. */
export function decodeTermRecord(value: string, group: GroupName, term: Term): Decoded {
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch {
    return { status: 'foreign', reason: 'it is not JSON' };
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? 'the record' : issue.path.join('.');
    return { status: 'foreign', reason: `${where}: ${issue?.message ?? 'invalid'}` };
  }
  const { v: _, requestedBy, requestId, carriedOut, takeovers, optionalMoves, ...rest } = parsed.data;
  if (rest.group !== group || rest.term !== term) {
    return { status: 'foreign', reason: `it is the record of term ${rest.term} of group ${rest.group}` };
  }
  const record: TermRecord = {
    ...rest,
    term,
    incarnation: rest.incarnation as Incarnation,
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(carriedOut === undefined ? {} : { carriedOut }),
    ...(takeovers === undefined ? {} : { takeovers }),
    ...(optionalMoves === undefined ? {} : { optionalMoves }),
  };
  return { status: 'record', record };
}
