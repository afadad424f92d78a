/** Every metric that is served. docs/metrics.md is made from this, and a test holds what is served against it. */

export interface MetricDefinition {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly labels: readonly string[];
  /** One sentence; it is served as HELP. */
  readonly help: string;
}

const define =
  (type: MetricDefinition['type']) =>
  (name: string, labels: readonly string[], help: string): MetricDefinition => ({
    name: `eipkeeper_${name}`,
    type,
    labels,
    help,
  });
const gauge = define('gauge');
const counter = define('counter');
const histogram = define('histogram');

export const METRICS = {
  info: gauge('info', ['version', 'cluster', 'node'], 'Always 1; its labels say who answers.'),
  startTime: gauge('start_time_seconds', [], 'When the daemon started, in seconds since 1970.'),
  residentMemory: gauge('resident_memory_bytes', [], 'The resident memory of the daemon.'),
  cpu: counter('cpu_seconds_total', [], 'The processor time of the daemon, user and system.'),
  lateness: histogram(
    'loop_lateness_seconds',
    [],
    'How late the timers of the daemon fired: its own slowness, which could be taken for the silence of a peer.',
  ),
  queueDropped: counter(
    'queue_dropped_datagrams_total',
    [],
    'Heartbeats that came faster than the daemon could take them in.',
  ),

  leader: gauge('leader', ['group'], '1 while this node leads the group, with authority or without.'),
  authority: gauge('authority', ['group'], '1 while this node can prove that it leads.'),
  authorityLeft: gauge(
    'authority_left_seconds',
    ['group'],
    'For how much longer it could, if nothing were heard from now on; +Inf without peers.',
  ),
  leaderKnown: gauge('leader_known', ['group'], '1 while this node knows somebody who leads or led last.'),
  term: gauge('term', ['group'], 'The epoch: the number of the newest term that this node knows; 0: none.'),
  lastChange: gauge(
    'last_change_time_seconds',
    ['group'],
    'When this node last saw the leader change, in seconds since 1970; 0: not since it started.',
  ),
  leaderships: counter(
    'leaderships_total',
    ['group', 'reason'],
    'How often this node came to serve the group, by the reason of its term.',
  ),
  takeoverPhase: histogram(
    'takeover_phase_seconds',
    ['group', 'reason', 'phase'],
    'How long coming to serve took: detect, claim, move, start, and total. Appears with the first.',
  ),
  takeoversLastHour: gauge('takeovers_last_hour', ['group'], 'Takeovers in the last hour, at most 6.'),
  maintenance: gauge('maintenance', ['group'], '1 while nothing of the group is started, stopped or moved.'),
  eligible: gauge(
    'eligible',
    ['group', 'member'],
    '1 while the member could lead the group, as this node knows it.',
  ),
  serving: gauge('serving', ['group', 'member'], '1 while the services of the group run on the member.'),
  addressHere: gauge('address_here', ['group'], '1 while the addresses of the group are on this node.'),
  addressWrong: gauge(
    'address_wrong',
    ['group'],
    '1 while something is wrong with the address: it is elsewhere, or could not be moved.',
  ),
  addressAge: gauge(
    'address_reading_age_seconds',
    ['group'],
    'How long ago EC2 last said where the address is; absent: not yet.',
  ),
  resourceStarted: gauge(
    'resource_started',
    ['group', 'resource', 'type'],
    '1 while the resource runs, or the address is, on this node.',
  ),
  resourceFailed: gauge(
    'resource_failed',
    ['group', 'resource', 'type'],
    '1 while it is failed on this node.',
  ),
  resourceFailures: gauge(
    'resource_failures',
    ['group', 'resource'],
    'Failures on this node that are not forgotten yet; absent: none.',
  ),

  witnessUp: gauge('witness_up', [], '1 while the witness answers; 1 also before it was first asked.'),
  nodeUp: gauge('node_up', ['member'], '1 while the member is heard; of this node always 1.'),
  nodeStandby: gauge('node_standby', ['member'], '1 while an operator keeps it from leading anything.'),
  linkUp: gauge('link_up', ['member', 'path'], '1 while this path brought something within deadtime.'),
  linkRtt: gauge(
    'link_rtt_seconds',
    ['member', 'path'],
    'The smoothed round trip, with the turn of the member in it; absent: none was measured in the last 10 s.',
  ),
  sent: counter('heartbeats_sent_total', ['member', 'path'], 'Heartbeats and replies that were sent.'),
  received: counter('heartbeats_received_total', ['member', 'path'], 'Those that were believed.'),
  lost: counter(
    'heartbeats_lost_total',
    ['member', 'path'],
    'Those of the member that never came, or too late to count.',
  ),
  rejected: counter(
    'datagrams_rejected_total',
    ['reason'],
    'Datagrams that were not believed, by why. Every reason is there from the start.',
  ),
  sendFailures: counter('send_failures_total', ['code'], 'What the system refused to send, by its code.'),

  apiCalls: counter(
    'api_calls_total',
    ['service', 'operation', 'result'],
    'Calls to AWS. Results: ok, unknown, not-sent, throttled, denied, gone, invalid; the last two can be expected.',
  ),
  apiSeconds: histogram('api_call_seconds', ['service', 'operation'], 'How long they took, failed ones too.'),

  httpConnections: gauge('http_connections', [], 'Open connections to this page and these metrics.'),
  httpRequests: counter('http_requests_total', [], 'Requests that were answered here.'),
  httpTurnedAway: counter(
    'http_connections_refused_total',
    [],
    'Connections beyond the most that are served.',
  ),
} as const satisfies Record<string, MetricDefinition>;

export type MetricKey = keyof typeof METRICS;
