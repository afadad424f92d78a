import { z } from 'zod';
import { positiveDurationSchema } from '../duration.ts';

/** Shapes that the settings of several resources share. */

export const absolutePath = z
  .string()
  .regex(/^\//, 'must be an absolute path: a service has no current directory to rely on');

/** A program and its arguments. No shell reads it: no word splitting, no variables, no quotes to get wrong. */
export const commandSchema = z
  .array(z.string(), {
    error: (issue) =>
      typeof issue.input === 'string'
        ? 'write the program and its arguments as a list, ["/usr/bin/prog", "argument"]: no shell reads it'
        : undefined,
  })
  .min(1, 'must name a program')
  .max(64, 'has more than 64 words')
  .refine((words) => words[0] === undefined || words[0].startsWith('/'), {
    path: [0],
    error: 'the program must be an absolute path: a service does not share your PATH',
  });

export const healthSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'must be a URL on this machine, like http://127.0.0.1/health' })
      .describe('Asked with GET on this machine.'),
    timeout: positiveDurationSchema.prefault('1s').describe('No answer within this is a failed check.'),
    expectStatus: z.int().min(100).max(599).default(200).describe('Any other status is a failed check.'),
  })
  .transform(({ url, timeout, expectStatus }) => ({ url, timeoutMs: timeout, expectStatus }));

export const exclusiveSchema = z
  .boolean()
  .describe('Whether two copies at a time would do harm: `true` makes the group `exclusive`.');

/** The service that runs a program which can also be run without systemd. */
export const unitSchema = z.union(
  [z.string().regex(/^[\w@:.\\-]+\.service$/, 'must be a unit name, like app.service'), z.literal(false)],
  { error: 'must be a unit name, like app.service, or false' },
);

/** Part of file names, and of messages. */
export const resourceNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,62}$/, 'must be letters, digits, dots, dashes');
