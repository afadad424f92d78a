import { z } from 'zod';
import { positiveDurationSchema } from '../duration.ts';
import { exclusiveSchema } from './common.ts';

const SUFFIX = /\.(service|socket|target|mount|automount|swap|timer|path|slice|scope)$/;

export const systemdSchema = z
  .strictObject({
    unit: z
      .string()
      .regex(/^[\w@:.\\-]{1,255}$/, 'must be a unit name, like app.service')
      .refine((name) => !/@(\.\w+)?$/.test(name), 'is a template: name an instance of it, app@1.service')
      .describe('The unit, like `app.service`; `.service` may be left out.'),
    exclusive: exclusiveSchema.default(false),
    startTimeout: positiveDurationSchema
      .prefault('20s')
      .describe('A start that takes longer has failed; systemd goes on with it.'),
    stopTimeout: positiveDurationSchema
      .prefault('20s')
      .describe('After four fifths of it all processes of the unit are killed.'),
    monitorTimeout: positiveDurationSchema
      .prefault('5s')
      .describe('How long a unit that is just starting or stopping is waited for.'),
  })
  .transform((value) => ({
    unit: SUFFIX.test(value.unit) ? value.unit : `${value.unit}.service`,
    exclusive: value.exclusive,
    startTimeoutMs: value.startTimeout,
    stopTimeoutMs: value.stopTimeout,
    monitorTimeoutMs: value.monitorTimeout,
  }));
export type SystemdParameters = z.output<typeof systemdSchema>;
