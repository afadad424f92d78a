import { BARE_CALLS, type BareCall } from './bare-calls.ts';
import type { Idle } from './idle.ts';
import type { MemorySteps } from './memory-steps.ts';
import type { Profile } from './options.ts';
import { type Summary, summarize } from './statistics.ts';
import type { Switchover } from './switchover.ts';
import type { Row } from './table.ts';
import type { Takeover } from './takeover.ts';

export interface ProfileFigures {
  readonly profile: Profile;
  readonly takeovers: readonly Takeover[];
  readonly switchovers: readonly Switchover[];
  readonly leader: Idle;
  readonly standby: Idle;
  /** Failed requests while nothing was measured: none should. */
  readonly failedBetween: number;
}

export interface Figures {
  readonly profiles: readonly ProfileFigures[];
  readonly bare: Record<BareCall, Summary>;
  readonly startsMs: readonly number[];
  readonly memory: MemorySteps;
}

const OWN_MEDIAN_MS = 50;
const OWN_WORST_MS = 150;
const RSS_MB = 110;
const RSS_AIM_MB = 80;
const CPU_PERCENT = 1;
const CALLS_PER_MINUTE = 8;
const START_MS = 1_000;

/** Measured on one Elastic IP with the same delays; medians, "tuned" being the fastest that each ran stably. */
const RIVAL_OUTAGE: Readonly<Record<Profile, string>> = {
  default: 'heartbeat classic 33.6 s, keepalived 5.2, pacemaker 12.6',
  fast: 'tuned: keepalived 1.5 s, heartbeat 3.9, pacemaker 4.1',
};

export function rowsOf(figures: Figures): readonly Row[] {
  return [
    ...figures.profiles.flatMap((profile) => [
      ...takeoverRows(profile, figures.bare),
      ...switchoverRows(profile),
      ...idleRows(profile, figures.memory),
    ]),
    ...bareRows(figures.bare),
    ...startRows(figures),
  ];
}

function takeoverRows(
  { profile, takeovers, failedBetween }: ProfileFigures,
  bare: Figures['bare'],
): readonly Row[] {
  const of = (pick: (takeover: Takeover) => number) => summarize(takeovers.map(pick));
  const own = of(({ ownMs }) => ownMs);
  const part = (pick: (parts: Takeover['parts']) => number) => ms(of(({ parts }) => pick(parts)).median);
  const bareMs = bare.PutParameter.median + bare.AssociateAddress.median;
  return [
    row(`${profile}: outage for the client`, seconds(of(({ outageMs }) => outageMs)), {
      beside: RIVAL_OUTAGE[profile],
    }),
    row(`${profile}: own share of a takeover`, milliseconds(own), {
      aim: `≤ ${OWN_MEDIAN_MS} median, ≤ ${OWN_WORST_MS} worst`,
      within: own.median <= OWN_MEDIAN_MS && own.max <= OWN_WORST_MS,
      beside: `to the create ${part((p) => p.decisionToPutMs)}, create to move ${part((p) => p.putToAssociateMs)}, moved to answer ${part((p) => p.movedToAnswerMs)}`,
    }),
    row(`${profile}: service still starting after the win`, milliseconds(of(({ startMs }) => startMs)), {
      beside: 'part of the own share; it begins at warntime',
    }),
    row(`${profile}: decision to first answer`, milliseconds(of(({ sinceDecisionMs }) => sinceDecisionMs)), {
      beside: `bare create and move ${ms(bareMs)}; the proxy's ${part((p) => p.putMs)} and ${part((p) => p.associateMs)}`,
    }),
    row(`${profile}: last heartbeat to decision`, milliseconds(of(({ detectMs }) => detectMs))),
    row(
      `${profile}: failed requests outside of takeovers`,
      String(failedBetween + sum(takeovers, ({ failedLater }) => failedLater)),
      {
        aim: '0',
        within: failedBetween + sum(takeovers, ({ failedLater }) => failedLater) === 0,
      },
    ),
  ];
}

function switchoverRows({ profile, switchovers }: ProfileFigures): readonly Row[] {
  const clean = switchovers.filter(({ failed }) => failed === 0).length;
  const failed = sum(switchovers, (one) => one.failed);
  const requests = sum(switchovers, (one) => one.requests);
  return [
    row(`${profile}: switchovers without a failed request`, `${clean} of ${switchovers.length}`, {
      aim: 'all',
      within: clean === switchovers.length,
      beside: `${failed} of ${requests} requests failed; keepalived tuned 0 lost, pacemaker tuned 5.9 s`,
    }),
    row(
      `${profile}: longest gap in a switchover`,
      milliseconds(summarize(switchovers.map((one) => one.longestGapMs))),
      {
        beside: 'keepalived tuned 30 ms',
      },
    ),
    row(
      `${profile}: command to first answer there`,
      seconds(summarize(switchovers.map((one) => one.tookMs))),
    ),
  ];
}

function idleRows({ profile, leader, standby }: ProfileFigures, memory: MemorySteps): readonly Row[] {
  return [
    ...nodeRows(`${profile}: idle leader`, leader, memory),
    ...nodeRows(`${profile}: idle standby`, standby, memory),
  ];
}

function nodeRows(who: string, idle: Idle, { bareNode }: MemorySteps): readonly Row[] {
  const calls = Object.entries(idle.calls).map(([name, rate]) => `${name} ${rate.toFixed(1)}`);
  return [
    row(`${who}, RSS`, `${mb(idle.rssMb)}, most ${mb(idle.rssMostMb)}`, {
      aim: `≤ ${RSS_MB} MB, later ${RSS_AIM_MB}`,
      within: idle.rssMostMb <= RSS_MB,
      beside: `bare Node ${mb(bareNode.rssMb)}`,
    }),
    row(`${who}, PSS`, mb(idle.pssMb), { beside: 'heartbeat 10 MB, keepalived 2.6, pacemaker 124' }),
    row(`${who}, CPU`, `${idle.cpuPercent.toFixed(2)} %`, {
      aim: `≤ ${CPU_PERCENT} %`,
      within: idle.cpuPercent + idle.childCpuPercent <= CPU_PERCENT,
      beside: `and ${idle.childCpuPercent.toFixed(2)} % in programs it starts; pacemaker 4 to 9 %`,
    }),
    row(
      `${who}, wire`,
      `${Math.round(idle.sentBytesPerSecond)} B/s out, ${Math.round(idle.receivedBytesPerSecond)} in`,
      {
        beside: `${idle.heartbeatsPerSecond.toFixed(1)} datagrams/s; heartbeat 400 to 4000 B/s, keepalived 40 to 320`,
      },
    ),
    row(`${who}, API calls`, `${idle.apiCallsPerMinute.toFixed(1)} a minute`, {
      aim: `≤ ${CALLS_PER_MINUTE}`,
      within: idle.apiCallsPerMinute <= CALLS_PER_MINUTE,
      beside: calls.join(', '),
    }),
  ];
}

function bareRows(bare: Figures['bare']): readonly Row[] {
  return BARE_CALLS.map((call) =>
    row(`bare SDK ${call}`, milliseconds(bare[call]), {
      beside: `${bare[call].count} warm calls from a node`,
    }),
  );
}

function startRows({ startsMs, memory }: Figures): readonly Row[] {
  const start = summarize(startsMs);
  return [
    row('start to first heartbeat', milliseconds(start), {
      aim: `< ${START_MS}`,
      within: start.max < START_MS,
    }),
    row('memory: bare Node, RSS', mb(memory.bareNode.rssMb), { beside: `PSS ${mb(memory.bareNode.pssMb)}` }),
    row('memory: with the bundle, RSS', mb(memory.bundleLoaded.rssMb), {
      beside: `PSS ${mb(memory.bundleLoaded.pssMb)}`,
    }),
    row('memory: with the AWS clients, RSS', mb(memory.daemonLoaded.rssMb), {
      beside: `PSS ${mb(memory.daemonLoaded.pssMb)}`,
    }),
  ];
}

function row(figure: string, measured: string, rest: Partial<Row> = {}): Row {
  return { figure, measured, aim: '', within: null, beside: '', ...rest };
}

function sum<T>(items: readonly T[], pick: (item: T) => number): number {
  return items.reduce((total, item) => total + pick(item), 0);
}

const ms = (value: number): string => `${Math.round(value)} ms`;
const mb = (value: number): string => `${value.toFixed(1)} MB`;
const milliseconds = ({ median, min, max }: Summary): string =>
  `${Math.round(median)} ms [${Math.round(min)}..${Math.round(max)}]`;
const seconds = ({ median, min, max }: Summary): string =>
  `${(median / 1000).toFixed(2)} s [${(min / 1000).toFixed(2)}..${(max / 1000).toFixed(2)}]`;
