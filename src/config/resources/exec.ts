import { z } from 'zod';
import { positiveDurationSchema } from '../duration.ts';
import { absolutePath, commandSchema, exclusiveSchema, resourceNameSchema } from './common.ts';

export const execSchema = z
  .strictObject({
    name: resourceNameSchema
      .describe('Names the resource in messages. Default: the file name of the program.')
      .optional(),
    start: commandSchema.describe('Ends when the service runs. With `stop` and `monitor`.').optional(),
    stop: commandSchema
      .describe('Ends when the service is stopped; stopping what is stopped must succeed.')
      .optional(),
    monitor: commandSchema
      .describe('Exit status 0: runs. 7 (or 3, as LSB scripts say): is stopped. Anything else: has failed.')
      .optional(),
    run: commandSchema
      .describe(
        'A program that stays in the foreground, started and supervised by eipkeeper. Instead of `start` and `stop`.',
      )
      .optional(),
    cwd: absolutePath.default('/').describe('The working directory.'),
    env: z
      .record(z.string().regex(/^[A-Za-z_]\w*$/, 'is no name of an environment variable'), z.string())
      .default({})
      .describe(
        "Environment variables of the commands, besides the daemon's own. Its AWS_* variables and the key of the heartbeats are not passed on.",
      ),
    exclusive: exclusiveSchema.default(false),
    startTimeout: positiveDurationSchema.prefault('20s').describe('A start that takes longer has failed.'),
    stopTimeout: positiveDurationSchema.prefault('20s').describe('A stop that takes longer has failed.'),
    monitorTimeout: positiveDurationSchema
      .prefault('5s')
      .describe('A check that takes longer has found out nothing.'),
  })
  .superRefine((value, context) => {
    const refuse = (message: string) => context.addIssue({ code: 'custom', message });
    if (value.run !== undefined) {
      if (value.start !== undefined || value.stop !== undefined) {
        refuse(
          'has both run and start or stop: run is a program in the foreground, start and stop are commands',
        );
      }
      return;
    }
    const missing = (['start', 'stop', 'monitor'] as const).filter((key) => value[key] === undefined);
    if (missing.length === 3) refuse('needs start, stop and monitor, or run');
    else if (missing.length > 0) refuse(`needs ${missing.join(' and ')} as well`);
  })
  .transform((value) => {
    const common = {
      name: value.name ?? fileName((value.run ?? value.start)?.[0] ?? ''),
      cwd: value.cwd,
      env: value.env,
      exclusive: value.exclusive,
      startTimeoutMs: value.startTimeout,
      stopTimeoutMs: value.stopTimeout,
      monitorTimeoutMs: value.monitorTimeout,
      /** Empty only beside `run`, where the life of the process is then the answer. */
      monitor: value.monitor ?? [],
    };
    return value.run === undefined
      ? { kind: 'commands' as const, ...common, start: value.start ?? [], stop: value.stop ?? [] }
      : { kind: 'program' as const, ...common, run: value.run };
  });
export type ExecParameters = z.output<typeof execSchema>;

const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
