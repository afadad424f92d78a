import type { Client } from '../test/support/netns/client.ts';
import { monotonicMs } from '../test/support/netns/monotonic.ts';
import { type BenchPair, type NodeName, otherOf } from './bench-pair.ts';
import { measureIdle } from './idle.ts';
import type { BenchOptions, Profile } from './options.ts';
import type { ProfileFigures } from './report.ts';
import { measureSwitchover, type Switchover } from './switchover.ts';
import { measureTakeover, type Takeover } from './takeover.ts';

export type Progress = (line: string) => void;

/**
 * Takeovers from main to aux, each followed by a way back; then the idle pair, whose memory has seen it all and
 * whose leader was handed the group, so that it no longer looks for late calls of a leader that died.
 */
export async function runProfile(
  pair: BenchPair,
  profile: Profile,
  options: BenchOptions,
  progress: Progress,
): Promise<ProfileFigures> {
  progress(`${profile}: starting both nodes`);
  await pair.startDaemon('main');
  await pair.startDaemon('aux');
  await pair.settle('main');
  const client = await pair.startClient('main');
  const moves = await runMoves(pair, client, profile, options, progress);
  await client.close();
  await pair.settle(moves.leader);
  progress(`${profile}: watching the idle pair for ${options.idleSeconds} s`);
  const idle = await measureIdle(pair, ['main', 'aux'], options.idleSeconds);
  const { takeovers, switchovers, failedBetween, leader } = moves;
  const standby = otherOf(leader);
  return { profile, takeovers, switchovers, failedBetween, leader: idle[leader], standby: idle[standby] };
}

async function runMoves(
  pair: BenchPair,
  client: Client,
  profile: Profile,
  options: BenchOptions,
  progress: Progress,
): Promise<
  Pick<ProfileFigures, 'takeovers' | 'switchovers' | 'failedBetween'> & { readonly leader: NodeName }
> {
  const takeovers: Takeover[] = [];
  const switchovers: Switchover[] = [];
  let failedBetween = 0;
  let leader: NodeName = 'main';
  const settle = async () => {
    const sinceMs = monotonicMs();
    await pair.settle(leader);
    failedBetween += (await client.availabilitySince(sinceMs)).failed;
  };
  while (takeovers.length < options.takeovers || switchovers.length < options.switchovers) {
    if (leader === 'main' && takeovers.length < options.takeovers) {
      if (takeovers.length > 0) await pair.forgetThePast(leader);
      await settle();
      const takeover = await measureTakeover(pair, client, leader);
      takeovers.push(takeover);
      leader = 'aux';
      progress(
        `${profile}: takeover ${takeovers.length} of ${options.takeovers}: ${describeTakeover(takeover)}`,
      );
    }
    await settle();
    const switchover = await measureSwitchover(pair, client, leader);
    switchovers.push(switchover);
    leader = otherOf(leader);
    const { failed, requests, longestGapMs } = switchover;
    progress(
      `${profile}: switchover ${switchovers.length}: ${failed} of ${requests} requests failed, longest gap ${Math.round(longestGapMs)} ms`,
    );
  }
  return { takeovers, switchovers, failedBetween, leader };
}

function describeTakeover({ outageMs, ownMs, parts, startMs }: Takeover): string {
  const rounded = Object.entries(parts).map(([name, value]) => `${name.slice(0, -2)} ${Math.round(value)}`);
  return `out ${Math.round(outageMs)} ms, own share ${Math.round(ownMs)} ms (${rounded.join(', ')}; service start ${startMs})`;
}
