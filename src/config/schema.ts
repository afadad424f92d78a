import { isIP } from 'node:net';
import { z } from 'zod';
import { byteSizeSchema } from './byte-size.ts';
import { durationSchema, positiveDurationSchema } from './duration.ts';
import { hookSchema } from './hook-schema.ts';
import { httpServerSchema } from './http-schema.ts';
import { pingNodeSchema } from './ping-schema.ts';
import { REGISTERED } from './registered.ts';
import { needsExclusivity, resourceSchema } from './resources-schema.ts';

/**
 * The configuration file: the one source of the types, of `docs/configuration.md` and of the JSON Schema that
 * editors complete from. Shapes only; what one part says of another is in `references.ts` and `timings.ts`.
 */

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
/** Names travel in heartbeats and in parameter names: 63 characters, none that a path or a shell reads. */
const nameSchema = z
  .string({ error: 'must be a name' })
  .regex(NAME, 'must begin with a letter or a digit and have at most 63 letters, digits, "-" and "_"');
const nameKey = z
  .string()
  .regex(NAME, 'is no name: begin with a letter or a digit, at most 63 letters, digits, "-" and "_"');

const absolutePath = z.string().regex(/^\//, 'must be an absolute path');
/** The kernel's limit for the path of a unix socket, 108 bytes with the closing zero. */
const socketPath = absolutePath.refine(
  (path) => Buffer.byteLength(path) <= 107,
  'is longer than the 107 bytes of a socket path',
);
const portSchema = z.int().min(1).max(65_535);

/** SSM keeps /aws and /ssm for itself. */
export const parameterName = z
  .string()
  .max(900, 'is longer than a parameter name may be')
  .regex(
    /^(\/[A-Za-z0-9_.-]+)+$/,
    'must be the name of a parameter, like /eipkeeper/web, without a slash at its end',
  )
  .refine(
    (name) => !/^\/(aws|ssm)/i.test(name),
    'must not begin with /aws or /ssm: SSM keeps those for itself',
  );

const addressSchema = z
  .string({ error: 'must be an IP address' })
  .refine((text) => isIP(text) !== 0, 'must be an IP address, not a name: heartbeats must not depend on DNS');

const keySourceSchema = z
  .strictObject(
    {
      file: absolutePath.describe('A file that only its owner can read.').optional(),
      ssm: parameterName.describe('A SecureString in SSM Parameter Store.').optional(),
      env: z
        .string()
        .regex(/^[A-Za-z_]\w*$/, 'is no name of an environment variable')
        .describe('An environment variable.')
        .optional(),
    },
    {
      error: (issue) =>
        issue.code === 'invalid_type' ? 'name the key like { file: /etc/eipkeeper/key }' : undefined,
    },
  )
  .transform((value, context): KeySource => {
    const sources: KeySource[] = [];
    if (value.file !== undefined) sources.push({ kind: 'file', path: value.file });
    if (value.ssm !== undefined) sources.push({ kind: 'ssm', name: value.ssm });
    if (value.env !== undefined) sources.push({ kind: 'env', variable: value.env });
    if (sources.length === 1 && sources[0] !== undefined) return sources[0];
    context.addIssue({ code: 'custom', message: 'needs exactly one of file, ssm and env' });
    return z.NEVER;
  });

/** Where the key of the heartbeats is. */
export type KeySource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'ssm'; readonly name: string }
  | { readonly kind: 'env'; readonly variable: string };

const nodeSchema = z
  .strictObject({
    address: z
      .string({ error: 'must be an IP address, or registered' })
      .refine(
        (text) => text === REGISTERED || isIP(text) !== 0,
        'must be an IP address or the word registered, not a name: heartbeats must not depend on DNS',
      )
      .describe(
        'The private address that heartbeats are sent to; `registered`: the node writes its own below the prefix of the witness, and the others find it there. This or `addresses`.',
      )
      .optional(),
    addresses: z
      .array(addressSchema)
      .min(1)
      .max(4)
      .describe('One for each path between the nodes, in the same order on all nodes.')
      .optional(),
    port: portSchema.describe('The UDP port of this node, where it differs from `port`.').optional(),
    instanceId: z
      .string()
      .regex(/^i-[0-9a-f]+$/, 'must look like i-0123456789abcdef0')
      .describe('The EC2 instance. Without it a node is known by its address or its host name.')
      .optional(),
    hostname: z
      .string()
      .min(1)
      .max(253)
      .describe('The host name, where it is not the name of the node.')
      .optional(),
  })
  .transform((value, context) => {
    if ((value.address === undefined) === (value.addresses === undefined)) {
      context.addIssue({ code: 'custom', message: 'needs address, or addresses with one for each path' });
      return z.NEVER;
    }
    const registered = value.address === REGISTERED;
    return {
      registered,
      /** Empty for a registered one, until it is known where it is. */
      addresses: registered ? [] : (value.addresses ?? [value.address ?? '']),
      port: value.port ?? null,
      instanceId: value.instanceId ?? null,
      hostname: value.hostname ?? null,
    };
  });

const groupTimingsShape = {
  warntime: positiveDurationSchema
    .describe(
      'A peer that is silent for this long is suspected: the leader renews its term, a standby gets ready. At least three times keepalive.',
    )
    .optional(),
  deadtime: positiveDurationSchema
    .describe(
      'A peer that is silent for this long is taken for dead. Lower: faster takeover, less patience with a busy machine.',
    )
    .optional(),
  lease: positiveDurationSchema
    .describe(
      'How long a term in the witness binds a node that is not heard. Lower: a faster takeover after a partition, more writes.',
    )
    .optional(),
  witnessTimeout: positiveDurationSchema
    .describe("The deadline of one call to the witness; no shorter than SSM's slow answers.")
    .optional(),
  stopTimeout: positiveDurationSchema
    .describe('What an `exclusive` group may take to stop its resources.')
    .optional(),
};
const groupTimingsSchema = z.strictObject(groupTimingsShape);
export type TimingOverrides = z.output<typeof groupTimingsSchema>;

const timingsSchema = z.strictObject({
  keepalive: positiveDurationSchema.describe('How often a heartbeat is sent.').optional(),
  initdead: positiveDurationSchema
    .describe('How long a starting node waits for its peers before it takes them for dead.')
    .optional(),
  ...groupTimingsShape,
});

const FAILBACK_WORDS = ['auto', 'manual', 'on', 'off'] as const;
const failbackSchema = z
  .union(
    [
      z.enum(FAILBACK_WORDS),
      z.boolean(),
      z.strictObject({
        mode: z
          .enum(['auto', 'manual'])
          .describe('`auto`: back to the first node of `nodes` that could lead.'),
        after: durationSchema
          .prefault('5s')
          .describe('How long that node must have been able to lead before.'),
      }),
    ],
    { error: 'must be auto, manual or { mode: auto, after: 5s }' },
  )
  .transform((value): { mode: 'auto' | 'manual'; afterMs: number } => {
    if (typeof value === 'object') return { mode: value.mode, afterMs: value.after };
    const isAuto = value === 'auto' || value === 'on' || value === true;
    return { mode: isAuto ? 'auto' : 'manual', afterMs: 5_000 };
  });

const groupShape = z.strictObject({
  kind: z
    .enum(['address', 'exclusive'])
    .describe(
      '`address`: a stateless service; what serves is never stopped for want of a witness. `exclusive`: must never run twice, so it stops when its right to run cannot be proven. Default: `exclusive` where a resource must never run twice, else `address`.',
    )
    .optional(),
  nodes: z
    .array(nameSchema, { error: 'must be a list of nodes, like [main, aux]' })
    .min(1, 'must name at least one node')
    .describe('Who may lead, in order of preference.'),
  failback: failbackSchema
    .prefault('auto')
    .describe(
      "Whether the group goes back to a better node by itself. `on` and `off`, as in Heartbeat's auto_failback, mean auto and manual.",
    ),
  standbyServices: z
    .enum(['stopped', 'warm'])
    .default('stopped')
    .describe(
      '`warm`: services run on every node all the time, so that a takeover only moves the address. `stopped`: they are started when the leader falls silent.',
    ),
  timings: groupTimingsSchema.default({}).describe('Override the timings of the cluster for this group.'),
  resources: z
    .array(resourceSchema, { error: 'must be a list, each entry like "- nginx: {}"' })
    .max(32, 'has more than 32 entries')
    .describe('Acquired in this order, released in reverse.'),
});

const groupSchema = groupShape.transform((group, context) => {
  const single = group.resources.findIndex(needsExclusivity);
  if (single >= 0 && group.kind === 'address') {
    const type = group.resources[single]?.type;
    const message = `resources[${single}] (${type}) must never run twice, which an address group does not promise: leave kind out, or write "exclusive: false" there if two copies do no harm`;
    context.addIssue({ code: 'custom', path: ['kind'], message });
  }
  const kind = group.kind ?? (single >= 0 ? 'exclusive' : 'address');
  if (kind === 'exclusive' && group.standbyServices === 'warm') {
    const message = `an exclusive group must never run twice, so its standby cannot be warm: write stopped`;
    context.addIssue({ code: 'custom', path: ['standbyServices'], message });
  }
  return { ...group, kind };
});

const JOURNAL_BYTES_LEAST = 1_000_000;
const JOURNAL_BYTES_MOST = 256_000_000;

const journalSchema = z
  .union(
    [
      z.enum(['on', 'off']),
      z.boolean(),
      z.strictObject({
        size: byteSizeSchema
          .refine(
            (bytes) => bytes >= JOURNAL_BYTES_LEAST && bytes <= JOURNAL_BYTES_MOST,
            'must be between 1MB and 256MB',
          )
          .prefault('16MB')
          .describe('Of all its files together; the oldest go.'),
      }),
    ],
    { error: 'must be off or { size: 16MB }' },
  )
  .transform((value): { bytesMost: number } | null => {
    if (typeof value === 'object') return { bytesMost: value.size };
    return value === 'off' || value === false ? null : { bytesMost: 16_000_000 };
  });

const instanceNoticesSchema = z
  .strictObject({
    rebalance: z
      .union([z.enum(['on', 'off']), z.boolean()], { error: 'must be on or off' })
      .default('on')
      .describe('Whether a rebalance recommendation hands over too, to a node that has none.'),
    maintenanceLead: durationSchema
      .prefault('10m')
      .describe('How long before the earliest start of a scheduled maintenance groups are handed over.'),
  })
  .transform(({ rebalance, maintenanceLead }) => ({
    rebalance: rebalance === 'on' || rebalance === true,
    maintenanceLeadMs: maintenanceLead,
  }));

export const configurationSchema = z
  .strictObject(
    {
      cluster: nameSchema.describe('The name of the cluster; by default its terms are kept under it.'),
      key: keySourceSchema.describe(
        'The secret that signs heartbeats, the same on all nodes: 32 bytes in base64 or hex (`eipkeeper keygen`).',
      ),
      previousKey: keySourceSchema.describe('Accepted as well while a new key is rolled out.').optional(),
      nodes: z
        .record(nameKey, nodeSchema, { error: 'must be nodes by name, like main: { address: 10.0.0.11 }' })
        .describe('All nodes. The same file serves on all of them: each finds out who it is.'),
      profile: z
        .enum(['default', 'fast', 'turbo'])
        .default('default')
        .describe('How fast: silence of 1 s, 500 ms or 400 ms is death.'),
      timings: timingsSchema.default({}).describe('Override the profile.'),
      port: portSchema.default(9694).describe('The UDP port of the heartbeats.'),
      witness: z
        .strictObject({
          ssm: z
            .strictObject({
              prefix: parameterName
                .refine(
                  (name) => name.split('/').length <= 13,
                  'has more than 12 levels: terms need 3 of the 15 that SSM allows',
                )
                .describe('Where the terms are kept. Default: `/eipkeeper/<cluster>`.')
                .optional(),
              writesPerSecond: z
                .number()
                .positive()
                .max(1_000)
                .default(3)
                .describe('How many PutParameter calls a second the account allows this cluster.'),
            })
            .prefault({})
            .describe('SSM Parameter Store.'),
        })
        .prefault({})
        .describe('The third place, which decides who leads when the nodes cannot hear each other.'),
      groups: z
        .record(nameKey, groupSchema, {
          error: 'must be groups by name, like web: { nodes: [main, aux], … }',
        })
        .describe('What is kept on one node at a time.'),
      aws: z
        .strictObject({
          region: z
            .string()
            .regex(/^[a-z]{2}(-[a-z]+)+-\d+$/, 'must look like eu-west-1')
            .describe('Default: from the instance metadata.')
            .optional(),
          endpoint: z
            .url({ protocol: /^https?$/, error: 'must be a URL' })
            .describe('Instead of the public endpoints of EC2 and SSM, for tests.')
            .optional(),
        })
        .default({})
        .describe('The AWS Region; credentials come from the instance role.'),
      instanceNotices: instanceNoticesSchema
        .prefault({})
        .describe(
          'What EC2 announces of the end of an instance. Spot interruptions and scale-in always hand over what the node leads.',
        ),
      ping: z
        .array(pingNodeSchema, { error: 'must be a list, each entry like { icmp: 10.0.0.1 }' })
        .max(9, 'has more than 9 entries')
        .default([])
        .describe(
          'Ping nodes, the same list on every node: a leader that reaches fewer than another node hands over, and a node that reaches none does not take over.',
        ),
      notify: z
        .array(hookSchema, { error: 'must be a list, each entry like { url: https://… }' })
        .max(8, 'has more than 8 entries')
        .default([])
        .describe('Who is told of changes, by a command or an HTTP POST: docs/notifications.md.'),
      http: httpServerSchema
        .prefault('on')
        .describe(
          'The status page, the checks of load balancers and the metrics, read-only: docs/http.md. `off`: nothing listens.',
        ),
      stateDirectory: absolutePath
        .default('/var/lib/eipkeeper')
        .describe('Remembers across reboots: the highest terms seen, standby, maintenance.'),
      journal: journalSchema
        .prefault('on')
        .describe(
          'What `eipkeeper history` and `eipkeeper explain` read, below the state directory. `off`: none is kept.',
        ),
      socket: z
        .strictObject({
          path: socketPath.default('/run/eipkeeper/eipkeeper.sock').describe('What the commands talk to.'),
          group: z
            .string()
            .min(1)
            .max(64)
            .describe('Members may use the commands. Default: only root.')
            .optional(),
        })
        .prefault({})
        .describe('The local control socket.'),
      log: z
        .strictObject({
          level: z
            .enum(['trace', 'debug', 'info', 'warn', 'error'])
            .default('info')
            .describe('From this level up.'),
        })
        .prefault({})
        .describe('What is written to the log (under systemd, journald keeps it).'),
    },
    {
      error: (issue) => (issue.code === 'invalid_type' ? 'expected settings like "cluster: web"' : undefined),
    },
  )
  .meta({ title: 'eipkeeper configuration' });

/** The file as it was read, defaults filled in, durations in milliseconds. */
export type ConfigurationFile = z.output<typeof configurationSchema>;
export type NodeSettings = z.output<typeof nodeSchema>;
export type GroupSettings = z.output<typeof groupSchema>;
