import { z } from 'zod';
import { positiveDurationSchema } from './duration.ts';
import { commandSchema } from './resources/common.ts';

/** What a hook may ask for; docs/notifications.md says which events belong to each. */
export const CATEGORIES = [
  'leadership',
  'handover',
  'address',
  'services',
  'witness',
  'peers',
  'instance',
  'alarms',
] as const;
export type Category = (typeof CATEGORIES)[number];

export const hookSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'must be a URL, like https://hooks.example.net/eipkeeper' })
      .describe('Gets each document by POST. This or `command`.')
      .optional(),
    command: commandSchema
      .describe('Run for each document, which it reads on its standard input. No shell reads it.')
      .optional(),
    events: z
      .array(z.enum(CATEGORIES), { error: `must be a list of ${CATEGORIES.join(', ')}` })
      .min(1, 'must name at least one kind of event')
      .default([...CATEGORIES])
      .describe('What it is told of. Default: all.'),
    timeout: positiveDurationSchema
      .refine((ms) => ms <= 60_000, 'must be at most 60s')
      .prefault('10s')
      .describe('What one attempt may take; six are made.'),
  })
  .superRefine((value, context) => {
    if ((value.url === undefined) === (value.command === undefined)) {
      context.addIssue({ code: 'custom', message: 'needs url or command, exactly one of the two' });
    }
  })
  .transform(({ url, command, events, timeout }) => ({
    url: url ?? null,
    command: command ?? null,
    events,
    timeoutMs: timeout,
  }));
