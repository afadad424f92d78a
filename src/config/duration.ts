import { z } from 'zod';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
type Unit = keyof typeof UNIT_MS;

/** Node's timers overflow above 2^31 ms; a day is more than any setting here means. */
const LONGEST_MS = 24 * UNIT_MS.h;
const PATTERN = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/;

export type ParsedDuration =
  | { readonly ok: true; readonly ms: number }
  | { readonly ok: false; readonly reason: string };

/** "500ms", "1s", "1.5s", "2m", "1h", at most a day, in whole milliseconds. */
export function parseDuration(text: string): ParsedDuration {
  const match = PATTERN.exec(text.trim());
  if (match === null)
    return { ok: false, reason: `${JSON.stringify(text)} is no duration: ${howToWrite(text)}` };
  const ms = Number(match[1]) * UNIT_MS[match[2] as Unit];
  const whole = Math.round(ms);
  if (Math.abs(ms - whole) > 1e-6) {
    return { ok: false, reason: `${text} is not a whole number of milliseconds` };
  }
  if (whole > LONGEST_MS) return { ok: false, reason: `${text} is longer than the 24h that are allowed` };
  return { ok: true, ms: whole };
}

/** The shortest spelling that parses back to the same number: 1500 → "1.5s", 60000 → "1m". */
export function formatDuration(ms: number): string {
  const whole = Math.round(ms);
  if (whole >= UNIT_MS.h && whole % UNIT_MS.h === 0) return `${whole / UNIT_MS.h}h`;
  if (whole >= UNIT_MS.m && whole % UNIT_MS.m === 0) return `${whole / UNIT_MS.m}m`;
  return whole >= UNIT_MS.s ? `${whole / UNIT_MS.s}s` : `${whole}ms`;
}

function howToWrite(input: unknown): string {
  const number =
    typeof input === 'number' || (typeof input === 'string' && input.trim() !== '') ? Number(input) : NaN;
  if (!Number.isFinite(number) || number < 0) return 'write a number and its unit, like 500ms, 1s, 2m or 1h';
  // A bare number is refused rather than guessed: Heartbeat read it as seconds, most programs as milliseconds.
  return `write the unit, ${number}ms or ${number}s`;
}

/** A duration in the configuration file; its value in the program is a number of milliseconds. */
export const durationSchema = z
  .string({
    error: (issue) =>
      typeof issue.input === 'number'
        ? `${issue.input} has no unit: ${howToWrite(issue.input)}`
        : `expected a duration: ${howToWrite(issue.input)}`,
  })
  .transform((text, context) => {
    const parsed = parseDuration(text);
    if (parsed.ok) return parsed.ms;
    context.addIssue({ code: 'custom', message: parsed.reason });
    return z.NEVER;
  })
  .meta({
    id: 'Duration',
    description: 'A number and its unit: 500ms, 1s, 1.5s, 2m, 1h.',
    pattern: PATTERN.source,
  });

/** The same, where nothing at all makes no sense. */
export const positiveDurationSchema = durationSchema.refine((ms) => ms > 0, 'must be longer than 0');
