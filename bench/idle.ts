import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../test/support/netns/monotonic.ts';
import type { BenchPair, NodeName } from './bench-pair.ts';
import { cpuSecondsOf, memoryOf, trafficOf } from './process-figures.ts';
import { summarize } from './statistics.ts';

/** One daemon of a healthy pair that nobody asks for anything. */
export interface Idle {
  readonly rssMb: number;
  readonly rssMostMb: number;
  readonly pssMb: number;
  readonly cpuPercent: number;
  /** Of the programs that it starts. */
  readonly childCpuPercent: number;
  readonly sentBytesPerSecond: number;
  readonly receivedBytesPerSecond: number;
  readonly heartbeatsPerSecond: number;
  readonly apiCallsPerMinute: number;
  /** By name, a minute. */
  readonly calls: Readonly<Record<string, number>>;
}

/** After a start and a move the daemon looks every second for 15 s, and its journal writes for up to 46. */
const CALM_AFTER_MS = 60_000;
const SAMPLE_EVERY_MS = 1_000;

/** The pair has to be settled. `leader` and `standby` are watched at the same time. */
export async function measureIdle(
  pair: BenchPair,
  nodes: readonly NodeName[],
  seconds: number,
): Promise<Record<NodeName, Idle>> {
  await sleep(CALM_AFTER_MS);
  const fromMs = monotonicMs();
  const before = nodes.map((node) => reading(pair, node));
  const memories = nodes.map(() => [] as ReturnType<typeof memoryOf>[]);
  while (monotonicMs() - fromMs < seconds * 1000) {
    await sleep(SAMPLE_EVERY_MS);
    for (const [index, node] of nodes.entries()) memories[index]!.push(memoryOf(pidOf(pair, node)));
  }
  const after = nodes.map((node) => reading(pair, node));
  const tookMs = monotonicMs() - fromMs;
  const figures = nodes.map((node, index) => {
    const calls = callsOf(pair, node, { fromMs, tookMs });
    const rate = (key: keyof ReturnType<typeof reading>) =>
      (after[index]![key] - before[index]![key]) / (tookMs / 1000);
    const rss = summarize(memories[index]!.map(({ rssMb }) => rssMb));
    const idle: Idle = {
      rssMb: rss.median,
      rssMostMb: rss.max,
      pssMb: summarize(memories[index]!.map(({ pssMb }) => pssMb)).median,
      cpuPercent: rate('cpu') * 100,
      childCpuPercent: rate('childCpu') * 100,
      sentBytesPerSecond: rate('sentBytes'),
      receivedBytesPerSecond: rate('receivedBytes'),
      heartbeatsPerSecond: rate('datagramsSent'),
      apiCallsPerMinute: Object.values(calls).reduce((sum, value) => sum + value, 0),
      calls,
    };
    return [node, idle] as const;
  });
  return Object.fromEntries(figures) as Record<NodeName, Idle>;
}

function reading(pair: BenchPair, node: NodeName) {
  const pid = pidOf(pair, node);
  const { own, children } = cpuSecondsOf(pid);
  return { cpu: own, childCpu: children, ...trafficOf(pid) };
}

function callsOf(
  pair: BenchPair,
  node: NodeName,
  window: { readonly fromMs: number; readonly tookMs: number },
): Record<string, number> {
  const calls: Record<string, number> = {};
  for (const { node: caller, call, startMs } of pair.cluster.api.calls) {
    // 'unknown' are the unsigned pings that keep connections open: no call of any API, and under no limit.
    if (caller !== node || call === 'unknown') continue;
    if (startMs < window.fromMs || startMs >= window.fromMs + window.tookMs) continue;
    calls[call] = (calls[call] ?? 0) + 60_000 / window.tookMs;
  }
  return calls;
}

function pidOf(pair: BenchPair, node: NodeName): number {
  const pid = pair.pids[node];
  if (pid === undefined) throw new Error(`the daemon of ${node} was not started`);
  return pid;
}
