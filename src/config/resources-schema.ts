import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { positiveDurationSchema } from './duration.ts';

/** Shapes and defaults of what a group runs. Every transform ends in the very options of the adapter. */

const absolutePath = z
  .string()
  .regex(/^\//, 'must be an absolute path: a service has no current directory to rely on');

/** A program and its arguments. No shell reads it: no word splitting, no variables, no quotes to get wrong. */
const commandSchema = z
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

const publicIpv4 = z.string().refine(isIPv4, 'must be an IPv4 address, like 203.0.113.10');

export const elasticIpSchema = z
  .strictObject({
    allocationId: z
      .string()
      .regex(/^eipalloc-[0-9a-f]+$/, 'must look like eipalloc-0123456789abcdef0')
      .describe('The allocation of the Elastic IP. This or `publicIp`.')
      .optional(),
    publicIp: publicIpv4
      .describe('The address itself; its allocation is looked up at start. This or `allocationId`.')
      .optional(),
    privateAddress: z
      .union([publicIpv4, z.record(z.string(), publicIpv4)], {
        error: 'must be a private address, or one for each node: { main: 10.0.0.11, aux: 10.0.0.12 }',
      })
      .describe(
        "The private address to associate it with, for all nodes or by node. Default: the node's first `address`.",
      )
      .optional(),
  })
  .superRefine((value, context) => {
    if ((value.allocationId === undefined) === (value.publicIp === undefined)) {
      context.addIssue({ code: 'custom', message: 'needs allocationId or publicIp, exactly one of the two' });
    }
  })
  .transform(({ allocationId, publicIp, privateAddress }) => ({
    allocationId: allocationId ?? null,
    publicIp: publicIp ?? null,
    privateAddress: privateAddress ?? null,
  }));
export type ElasticIpParameters = z.output<typeof elasticIpSchema>;

const healthSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'must be a URL on this machine, like http://127.0.0.1/health' })
      .describe('Asked with GET on this machine.'),
    timeout: positiveDurationSchema.prefault('1s').describe('No answer within this is a failed check.'),
    expectStatus: z.int().min(100).max(599).default(200).describe('Any other status is a failed check.'),
  })
  .transform(({ url, timeout, expectStatus }) => ({ url, timeoutMs: timeout, expectStatus }));

export const nginxSchema = z
  .strictObject({
    config: absolutePath
      .default('/etc/nginx/nginx.conf')
      .describe('Tested with `nginx -t` before every start.'),
    binary: z.string().min(1).default('nginx').describe('The program: a path, or a name to find in PATH.'),
    unit: z
      .union(
        [
          z.string().regex(/^[\w@:.\\-]+\.service$/, 'must be a unit name, like nginx.service'),
          z.literal(false),
        ],
        {
          error: 'must be a unit name, like nginx.service, or false',
        },
      )
      .default('nginx.service')
      .describe('Used where systemd runs and knows it; `false`: always the program itself.'),
    health: healthSchema
      .describe('Without it nginx counts as healthy while its master process lives.')
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
export type NginxParameters = z.output<typeof nginxSchema>;

export const execSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][\w.-]{0,62}$/, 'must be letters, digits, dots, dashes')
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
    startTimeout: positiveDurationSchema.prefault('20s').describe('A start that takes longer has failed.'),
    stopTimeout: positiveDurationSchema.prefault('20s').describe('A stop that takes longer has failed.'),
    monitorTimeout: positiveDurationSchema.prefault('5s').describe('A check that takes longer has failed.'),
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

/** What may stand in `resources`, by the word that it is written with. */
export const RESOURCE_TYPES = ['elastic-ip', 'nginx', 'exec'] as const;

export type ServiceResource =
  | { readonly type: 'nginx'; readonly parameters: NginxParameters }
  | { readonly type: 'exec'; readonly parameters: ExecParameters };
export type Resource =
  | ServiceResource
  | { readonly type: 'elastic-ip'; readonly parameters: ElasticIpParameters };

export const resourceSchema = z
  .strictObject(
    {
      'elastic-ip': elasticIpSchema
        .describe('The Elastic IP of the group. Acquired last wherever it is written.')
        .optional(),
      nginx: nginxSchema.describe('An nginx on this machine.').optional(),
      exec: execSchema
        .describe('Any service, by commands of yours or as a program in the foreground.')
        .optional(),
    },
    {
      error: (issue) =>
        issue.code === 'invalid_type' ? 'expected one resource, like "- nginx: {}"' : undefined,
    },
  )
  .transform((value, context): Resource => {
    const resources: Resource[] = [];
    if (value['elastic-ip'] !== undefined)
      resources.push({ type: 'elastic-ip', parameters: value['elastic-ip'] });
    if (value.nginx !== undefined) resources.push({ type: 'nginx', parameters: value.nginx });
    if (value.exec !== undefined) resources.push({ type: 'exec', parameters: value.exec });
    const [only, second] = resources;
    if (only !== undefined && second === undefined) return only;
    const message =
      only === undefined
        ? `must be one of ${RESOURCE_TYPES.join(', ')}`
        : `has ${resources.map((resource) => resource.type).join(' and ')} in one entry: give each its own "- "`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
