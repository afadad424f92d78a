import { monotonicMs } from '../test/support/netns/monotonic.ts';

/** The line that ends a change of leadership, with times in CLOCK_MONOTONIC. */
export interface ServingLine {
  readonly term: number;
  readonly reason: string;
  readonly detectMs: number;
  readonly totalMs: number;
  /** How long after the win the services were still starting. */
  readonly startMs: number;
  /** When the standby decided to claim. */
  readonly decidedMs: number;
}

const SERVING =
  /leader \S+, term (\d+): address .* \((\S+): detect (\d+) ms, claim (\d+) ms, move (\d+) ms, start (\d+) ms, total (\d+) ms\)$/;
const WON = /leader \S+, term (\d+): the leader before fell silent/;

/**
 * The newest takeover in a daemon's log. A line is written a moment after what it tells of, so the decision is
 * reckoned back from two lines (won, and serving), and the earlier one counts.
 */
export function newestTakeover(log: string): ServingLine | null {
  const lines = log.split('\n').filter((line) => line.startsWith('{'));
  // What is a whole millisecond in the log lies half of one later on average.
  const wallAheadMs = Date.now() + 0.5 - monotonicMs();
  let wonMs = 0;
  let newest: ServingLine | null = null;
  for (const line of lines) {
    const { time, msg } = JSON.parse(line) as { time: string; msg: string };
    const atMs = Date.parse(time) + 0.5 - wallAheadMs;
    if (WON.test(msg)) wonMs = atMs;
    const found = SERVING.exec(msg);
    if (found === null || found[2] !== 'takeover') continue;
    const [detectMs, claimMs, , startMs, totalMs] = found.slice(3).map(Number) as [
      number,
      number,
      number,
      number,
      number,
    ];
    newest = {
      term: Number(found[1]),
      reason: found[2],
      detectMs,
      totalMs,
      startMs,
      decidedMs: Math.min(atMs - (totalMs - detectMs), wonMs - claimMs),
    };
  }
  return newest;
}
