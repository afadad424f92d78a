import { z } from 'zod';

/**
 * What `eipkeeper status --output json` prints, and what the control socket answers: the view of one node.
 * Fields may be added in a later version; none changes its meaning or goes away within `version` 1.
 */

const linkSchema = z.object({
  path: z.int().describe('The index of the path in `addresses` of the configuration.'),
  address: z.string().describe('Where heartbeats to this node are sent on this path.'),
  state: z
    .enum(['up', 'dead', 'never'])
    .describe('`dead`: silent for longer than deadtime; `never`: not heard since the daemon started.'),
  rttMs: z.number().nullable().describe('The newest round trip; null when none was measured.'),
  rttMsAgo: z
    .number()
    .nullable()
    .default(null)
    .describe('How long ago that was measured: only who starts, claims or leads goes on measuring.'),
  lastHeardMsAgo: z.number().nullable().describe('null: never.'),
  problem: z
    .string()
    .default('')
    .describe("Why what comes from there is not believed (another key, another version); '' otherwise."),
  sent: z.int().default(0).describe('Messages since the daemon started: heartbeats and replies.'),
  received: z.int().default(0).describe('Those that came from there.'),
  lost: z.int().default(0).describe('Those of its messages that never came, or too late to count.'),
});

const nodeSchema = z.object({
  name: z.string(),
  state: z
    .enum(['online', 'offline', 'standby', 'starting', 'leaving'])
    .describe('`standby`: drained by an operator; it leads nothing. `offline`: not heard.'),
  self: z.boolean().describe('Whether this is the node that was asked.'),
  links: z.array(linkSchema).describe('Empty for the node itself.'),
});

const resourceSchema = z.object({
  name: z.string().describe('"nginx", "exec worker", "203.0.113.10".'),
  type: z.string().describe('"elastic-ip", "nginx", "exec".'),
  state: z
    .enum(['started', 'starting', 'stopping', 'stopped', 'failed', 'unknown'])
    .describe('On the node that was asked.'),
  reason: z.string().describe("Why it failed, in a sentence; '' otherwise."),
  monitor: z
    .string()
    .default('')
    .describe('How it is looked at while it should run: "every 5 s, process, http"; \'\' for an address.'),
});

const roleSchema = z.enum(['starting', 'restarting', 'standby', 'claiming', 'leading', 'yielding', 'acting']);

const phasesSchema = z
  .object({
    detectMs: z.number(),
    claimMs: z.number(),
    moveMs: z.number(),
    startMs: z.number(),
    totalMs: z.number(),
  })
  .describe('How long the parts of the takeover took.');

const groupSchema = z.object({
  name: z.string(),
  kind: z.enum(['address', 'exclusive']),
  leader: z.string().nullable().describe('The owner of the newest known term; null when none is known.'),
  term: z.int().describe('0: none is known.'),
  leaderDeadtimeMs: z
    .number()
    .nullable()
    .default(null)
    .describe(
      "The leader's own deadtime, by its heartbeats, to be compared with this node's; null: the leader is this node, or is not heard.",
    ),
  role: roleSchema.describe('What the node that was asked is in this group.'),
  authority: z
    .object({
      held: z.boolean(),
      forMs: z.number().describe('For how much longer, if nothing is heard from now on.'),
      source: z
        .enum(['grants', 'lease', 'none'])
        .describe('`grants`: the word of the peers. `lease`: a record in the witness.'),
    })
    .describe('Whether the node that was asked may change anything.'),
  address: z.object({
    publicIp: z.string().nullable().describe('null: not looked up yet.'),
    holder: z
      .string()
      .nullable()
      .describe('The node that has it, "free", or the id of a foreign network interface; null: not known.'),
    here: z.boolean().describe('Whether it is on the node that was asked.'),
    readMsAgo: z.number().nullable().describe('The age of the reading; null: never read.'),
    complaint: z.string().describe("What is wrong with the address; '' otherwise."),
  }),
  maintenance: z
    .boolean()
    .describe(
      'Watched and reported, and nothing is started, stopped or moved; as the node that was asked knows it.',
    ),
  failures: z
    .array(
      z.object({
        resource: z.string().describe("Its name; '' when it is not known which failed."),
        count: z.int().describe('On the node that was asked, not forgotten yet.'),
        reason: z.string().describe('Of the newest, in a sentence.'),
        ineligible: z.boolean().describe('Too many: this node does not lead the group.'),
        until: z
          .string()
          .nullable()
          .describe('ISO 8601: when they are forgotten; null while restarts go on.'),
      }),
    )
    .describe('Services that failed here lately. `eipkeeper cleanup` forgets them.'),
  resources: z.array(resourceSchema).describe('In the order of their start, the Elastic IP last.'),
  candidates: z
    .array(
      z.object({
        node: z.string(),
        eligible: z.boolean(),
        reason: z.string().describe("Why it could not lead; '' when it could."),
        role: roleSchema
          .nullable()
          .default(null)
          .describe('What it is in this group, by its own last word; null: it is not heard.'),
        serving: z.boolean().default(false).describe('Whether its services run, by its own last word.'),
        hasAddress: z
          .boolean()
          .default(false)
          .describe('Whether it has the address, by its own last reading.'),
      }),
    )
    .describe('In the order of preference.'),
  handover: z
    .object({ target: z.string(), phase: z.string(), why: z.string() })
    .nullable()
    .describe('A switchover under way.'),
  request: z
    .object({ kind: z.enum(['switchover', 'force']), target: z.string(), by: z.string() })
    .nullable()
    .default(null)
    .describe('What an operator asked in the witness and is not over.'),
  takeovers: z
    .object({
      lastHour: z.int().describe('At most 6 are counted.'),
      waitMs: z.number().describe('How much longer than deadtime the next one waits.'),
    })
    .default({ lastHour: 0, waitMs: 0 })
    .describe('More than two in an hour are an alarm: the nodes fail one after the other.'),
  lastChange: z
    .object({
      at: z.string().describe('ISO 8601, by the clock of the node that was asked.'),
      reason: z
        .string()
        .describe(
          "first, takeover, defence, switchover, revoke, forced, adopt or acting; '' when another came to lead: it knows why.",
        ),
      by: z.string().describe("Who asked for it; '' when nobody did."),
      phases: phasesSchema.nullable(),
    })
    .nullable()
    .describe('The newest change of the leader that this node saw.'),
  failedActions: z
    .array(z.object({ at: z.string(), resource: z.string(), action: z.string(), reason: z.string() }))
    .describe('The newest last; at most 10.'),
});

const registrationSchema = z.object({
  node: z.string(),
  addresses: z.array(z.string()).describe('Where heartbeats to it go; empty: not known yet.'),
  port: z.int().nullable().describe('null: not known yet.'),
  instanceId: z.string().nullable().describe('Which instance wrote it; null: not known yet.'),
  since: z.string().nullable().describe("ISO 8601, by SSM's clock: when it was written; null: not known."),
  problem: z
    .string()
    .describe("Why the node is not registered, or what is wrong with its entry; '' otherwise."),
});

const fingerprintSchema = z.string();

const keysSchema = z.object({
  signing: fingerprintSchema.describe('Of the key that the node that was asked signs with.'),
  other: fingerprintSchema.nullable().describe('Of a second key that it accepts as well.'),
  unknownSeen: z
    .boolean()
    .describe(
      'In the last 5 s something came from a configured address that was signed with another key yet.',
    ),
  peers: z.array(
    z.object({
      node: z.string(),
      signing: fingerprintSchema.nullable().describe('What it signed last with; null: it was not heard.'),
      acceptsOther: z.boolean().describe('It has answered, in the last 5 s, what was signed with `other`.'),
    }),
  ),
});

export const statusSnapshotSchema = z
  .object({
    version: z.literal(1).describe('Of this format.'),
    daemonVersion: z.string(),
    cluster: z.string(),
    node: z.string().describe('The node that was asked.'),
    time: z.string().describe('ISO 8601, by its clock.'),
    witness: z.object({
      state: z.enum(['up', 'down', 'unknown']).describe('`unknown`: not asked yet.'),
      since: z.string().nullable().describe('ISO 8601; null: not known.'),
      reason: z.string().describe("Why it is down; '' otherwise."),
    }),
    keys: keysSchema
      .nullable()
      .default(null)
      .describe(
        'The keys of the heartbeats, by fingerprints of two bytes that every heartbeat carries openly.',
      ),
    nodes: z.array(nodeSchema),
    registrations: z
      .array(registrationSchema)
      .default([])
      .describe('The nodes that have `address: registered`, as the registry was read last.'),
    groups: z.array(groupSchema),
  })
  .meta({ title: 'eipkeeper status' });

const RTT_RECENT_MS = 10_000;

/** The round trip of a link as it is now; null when none was measured lately. An older daemon does not say when. */
export const recentRttMs = ({ rttMs, rttMsAgo }: z.infer<typeof linkSchema>): number | null =>
  (rttMsAgo ?? 0) > RTT_RECENT_MS ? null : rttMs;

export type StatusSnapshot = z.infer<typeof statusSnapshotSchema>;
export type NodeStatus = z.infer<typeof nodeSchema>;
export type RegistrationStatus = z.infer<typeof registrationSchema>;
export type GroupStatus = z.infer<typeof groupSchema>;
export type ResourceStatus = z.infer<typeof resourceSchema>;
