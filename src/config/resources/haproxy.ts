import { z } from 'zod';
import { positiveDurationSchema } from '../duration.ts';
import { absolutePath, healthSchema, unitSchema } from './common.ts';

export const haproxySchema = z
  .strictObject({
    config: absolutePath
      .default('/etc/haproxy/haproxy.cfg')
      .describe('A file, or a directory of them. Tested with `haproxy -c` before every start.'),
    binary: z.string().min(1).default('haproxy').describe('The program: a path, or a name to find in PATH.'),
    unit: unitSchema
      .default('haproxy.service')
      .describe('Used where systemd runs and knows it; `false`: always the program itself.'),
    health: healthSchema
      .describe('Without it haproxy counts as healthy while its master process lives.')
      .optional(),
    startTimeout: positiveDurationSchema
      .prefault('10s')
      .describe('From the start to the first good health check.'),
    stopTimeout: positiveDurationSchema
      .prefault('10s')
      .describe('Requests may end in this time; after it the processes are killed.'),
  })
  .transform((value) => ({
    config: value.config,
    binary: value.binary,
    unit: value.unit === false ? null : value.unit,
    health: value.health ?? null,
    startTimeoutMs: value.startTimeout,
    stopTimeoutMs: value.stopTimeout,
  }));
export type HaproxyParameters = z.output<typeof haproxySchema>;
