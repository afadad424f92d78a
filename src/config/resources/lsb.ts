import { z } from 'zod';
import { positiveDurationSchema } from '../duration.ts';
import { exclusiveSchema, resourceNameSchema } from './common.ts';

export const lsbSchema = z
  .strictObject({
    script: z
      .string()
      .regex(/^(\/.+|[\w][\w.+-]*)$/, 'must be the name of a script in /etc/init.d, or an absolute path')
      .describe('The init script: its name in `/etc/init.d`, or a path.'),
    name: resourceNameSchema
      .describe('Names the resource in messages. Default: the file name of the script.')
      .optional(),
    exclusive: exclusiveSchema.default(false),
    startTimeout: positiveDurationSchema.prefault('20s').describe('A start that takes longer has failed.'),
    stopTimeout: positiveDurationSchema.prefault('20s').describe('A stop that takes longer has failed.'),
    monitorTimeout: positiveDurationSchema
      .prefault('5s')
      .describe('A `status` that takes longer has found out nothing.'),
  })
  .transform((value) => {
    const script = value.script.startsWith('/') ? value.script : `/etc/init.d/${value.script}`;
    return {
      script,
      name: value.name ?? script.slice(script.lastIndexOf('/') + 1),
      exclusive: value.exclusive,
      startTimeoutMs: value.startTimeout,
      stopTimeoutMs: value.stopTimeout,
      monitorTimeoutMs: value.monitorTimeout,
    };
  });
export type LsbParameters = z.output<typeof lsbSchema>;
