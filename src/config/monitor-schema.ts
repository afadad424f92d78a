import { z } from 'zod';
import { positiveDurationSchema } from './duration.ts';
import { endpointSchema } from './endpoint-schema.ts';
import { absolutePath, commandSchema } from './resources/common.ts';

/** How a resource is watched while it should run, and how often it is started again: the same for every type. */

const INTERVAL_LEAST_MS = 100;
const DEFAULT_INTERVAL_MS = 5_000;

const processSchema = z
  .strictObject({
    pidFile: absolutePath.describe('The file with its number. This or `executable`.').optional(),
    executable: absolutePath.describe('The program; one process of it is enough.').optional(),
  })
  .refine(
    ({ pidFile, executable }) => (pidFile === undefined) !== (executable === undefined),
    'needs pidFile or executable, exactly one of the two',
  )
  .transform(({ pidFile, executable }) => ({ pidFile: pidFile ?? null, executable: executable ?? null }));

const httpSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'must be a URL on this machine, like http://127.0.0.1/health' })
      .describe('Asked with GET.'),
    expectStatus: z.int().min(100).max(599).default(200).describe('Any other status is a failed check.'),
    expectBody: z
      .string()
      .min(1)
      .max(1_000)
      .describe('What the first 64 KB of the answer must contain.')
      .optional(),
  })
  .transform(({ url, expectStatus, expectBody }) => ({ url, expectStatus, expectBody: expectBody ?? null }));

export const monitorSchema = z
  .strictObject({
    interval: positiveDurationSchema
      .refine((ms) => ms >= INTERVAL_LEAST_MS, 'must be at least 100ms')
      .describe('From the beginning of one look to the next. Default: 5s.')
      .optional(),
    timeout: positiveDurationSchema
      .describe('What one look may take, at most `interval`. Default: as long as `interval`, at most 5s.')
      .optional(),
    process: processSchema.describe('This process lives.').optional(),
    systemd: z
      .string()
      .regex(/^[\w@:.\\-]+\.\w+$/, 'must be a unit name, like app.service')
      .describe('This unit is active.')
      .optional(),
    tcp: endpointSchema.describe('This address and port take a connection.').optional(),
    http: httpSchema.describe('This URL answers.').optional(),
    command: commandSchema
      .describe(
        'Exit status 0: well. Any other: not. One that does not end in time, or cannot run, says nothing.',
      )
      .optional(),
  })
  .superRefine(({ interval = DEFAULT_INTERVAL_MS, timeout }, context) => {
    if (timeout === undefined || timeout <= interval) return;
    const message = `is longer than the interval of ${interval} ms: a look would not be over when the next is due`;
    context.addIssue({ code: 'custom', path: ['timeout'], message });
  })
  .transform(({ interval = DEFAULT_INTERVAL_MS, timeout, process, systemd, tcp, http, command }) => ({
    intervalMs: interval,
    timeoutMs: timeout ?? Math.min(interval, DEFAULT_INTERVAL_MS),
    checks: {
      process: process ?? null,
      systemd: systemd ?? null,
      tcp: tcp ?? null,
      http: http ?? null,
      command: command ?? null,
    },
  }));
export type MonitorSettings = z.output<typeof monitorSchema>;

export const restartSchema = z
  .strictObject({
    attempts: z
      .int()
      .min(0)
      .max(100)
      .default(2)
      .describe(
        'So many failures within `within` are met by a restart on this node; one more, and the group moves.',
      ),
    within: positiveDurationSchema.prefault('1m').describe('Failures longer ago than this do not count.'),
    forgetAfter: positiveDurationSchema
      .prefault('1m')
      .describe(
        'How long after the last failure the node stays ineligible, also for a takeover. `eipkeeper cleanup` ends it at once.',
      ),
  })
  .transform(({ attempts, within, forgetAfter }) => ({
    attempts,
    withinMs: within,
    forgetMs: forgetAfter,
  }));
