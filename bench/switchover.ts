import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../test/support/netns/client.ts';
import { monotonicMs } from '../test/support/netns/monotonic.ts';
import { type BenchPair, type NodeName, otherOf, WHOM } from './bench-pair.ts';

export interface Switchover {
  readonly requests: number;
  readonly failed: number;
  readonly longestGapMs: number;
  /** From the command to the first answer by the new leader. */
  readonly tookMs: number;
}

const WITHIN_MS = 30_000;
/** Longer than a request of the client may live, so that a late failure is counted. */
const WATCH_ON_MS = 2_000;

/** An operator's `failover --to` the other node, from its start until well after its end. */
export async function measureSwitchover(
  pair: BenchPair,
  client: Client,
  leader: NodeName,
): Promise<Switchover> {
  const to = otherOf(leader);
  const startMs = monotonicMs();
  const commanded = pair.command(leader, 'failover', '--to', to);
  const [first] = await Promise.all([client.waitForAnswerBy(WHOM[to], { withinMs: WITHIN_MS }), commanded]);
  await sleep(WATCH_ON_MS);
  const { requests, failed, longestGapMs } = await client.availabilitySince(startMs);
  return { requests, failed, longestGapMs, tookMs: first.startMs + first.latencyMs - startMs };
}
