import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiCall } from '../test/support/netns/api-proxy.ts';
import type { Client } from '../test/support/netns/client.ts';
import { monotonicMs } from '../test/support/netns/monotonic.ts';
import { waitFor } from '../test/support/netns/wait-for.ts';
import { type BenchPair, type NodeName, otherOf, WHOM } from './bench-pair.ts';
import { newestTakeover } from './serving-line.ts';

/** One link cut, in milliseconds. */
export interface Takeover {
  /** For the client: from its last good answer before to its first after. */
  readonly outageMs: number;
  /** From the last heartbeat that was heard to the decision to claim. */
  readonly detectMs: number;
  /** From the decision to the client's first answer. */
  readonly sinceDecisionMs: number;
  /** The same less both API times: the program's share, and the client's, who asks every 20 ms. */
  readonly ownMs: number;
  readonly parts: TakeoverParts;
  /** Of the time between create and move: how long the service was still starting. */
  readonly startMs: number;
  /** Requests that failed though they began after the first good answer. */
  readonly failedLater: number;
}

/** The time since the decision, in order. */
export interface TakeoverParts {
  readonly decisionToPutMs: number;
  readonly putMs: number;
  readonly putToAssociateMs: number;
  readonly associateMs: number;
  readonly movedToAnswerMs: number;
}

/** A connection that began before the move may take this long to fail at the client. */
const CLIENT_TIMEOUT_MS = 1_000;
const TAKEOVER_WITHIN_MS = 20_000;

/** Cuts the leader's link, measures what follows, and mends it. */
export async function measureTakeover(pair: BenchPair, client: Client, leader: NodeName): Promise<Takeover> {
  const { cluster } = pair;
  const standby = otherOf(leader);
  const cutMs = monotonicMs();
  await cluster.cut(leader);
  await client.waitForAnswerBy(WHOM[standby], { withinMs: TAKEOVER_WITHIN_MS });
  const line = await waitFor(
    `the log of ${standby} to tell of its takeover`,
    async () => {
      const newest = newestTakeover(await cluster.node(standby).log('eipkeeper'));
      return newest !== null && newest.decidedMs > cutMs ? newest : null;
    },
    { withinMs: 5_000 },
  );
  await sleep(CLIENT_TIMEOUT_MS);
  const answers = client.results.filter(({ whom, failure }) => whom !== undefined && failure === undefined);
  const endOf = (result: { startMs: number; latencyMs: number }) => result.startMs + result.latencyMs;
  const after = answers.filter(({ whom, startMs }) => whom === WHOM[standby] && startMs > cutMs);
  const firstMs = Math.min(...after.map(endOf));
  const lastMs = Math.max(...answers.filter(({ whom }) => whom === WHOM[leader]).map(endOf));
  const later = await client.availabilitySince(firstMs);
  await cluster.mend(leader);
  const parts = partsOf(cluster.api.calls, { standby, firstMs, movedMs: cluster.address.movedMs, ...line });
  const sinceDecisionMs = firstMs - line.decidedMs;
  return {
    outageMs: firstMs - lastMs,
    detectMs: line.detectMs,
    sinceDecisionMs,
    ownMs: sinceDecisionMs - parts.putMs - parts.associateMs,
    parts,
    startMs: line.startMs,
    failedLater: later.failed,
  };
}

function partsOf(
  calls: readonly ApiCall[],
  seen: {
    readonly standby: NodeName;
    readonly decidedMs: number;
    readonly movedMs: number;
    readonly firstMs: number;
  },
): TakeoverParts {
  // A log line's time is a whole millisecond, so a call may seem to come just before its decision.
  const own = calls.filter(({ node, startMs }) => node === seen.standby && startMs > seen.decidedMs - 20);
  const put = own.find(({ call, body }) => call === 'PutParameter' && body.includes('"Overwrite":false'));
  const associate = own.find(({ call }) => call === 'AssociateAddress');
  if (put?.answeredMs === undefined || associate?.answeredMs === undefined) {
    throw new Error('the takeover did not make the calls it is known to make: the proxy answered none');
  }
  // The router follows before EC2's answer is on its way, and a moment before it says so: an answer proves it.
  const movedMs = Math.min(seen.movedMs, associate.answeredMs, seen.firstMs);
  return {
    decisionToPutMs: put.startMs - seen.decidedMs,
    putMs: put.answeredMs - put.startMs,
    putToAssociateMs: associate.startMs - put.answeredMs,
    associateMs: movedMs - associate.startMs,
    movedToAnswerMs: seen.firstMs - movedMs,
  };
}
