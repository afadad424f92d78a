import type { GroupStatus } from '../../control/status-snapshot.ts';
import { type DemoCluster, NODE_NAMES } from '../cluster/demo-cluster.ts';
import { ms, number, times } from '../style.ts';
import { type Deviation, judge, type Outcome } from './judge.ts';
import { type Step, StepFailed, startUp } from './story.ts';

export interface StoryTeller {
  /** A step is over. `details` are lines about it. */
  step(title: string, tookMs: number, details: readonly string[]): void;
  failed(title: string, deviations: readonly Deviation[]): void;
}

type Change = NonNullable<GroupStatus['lastChange']>;

/** Plays start-up and every step, up to the first that is not as it should be. True when all were. */
export async function playStory(
  cluster: DemoCluster,
  steps: readonly Step[],
  teller: StoryTeller,
): Promise<boolean> {
  const begunMs = performance.now();
  const title = 'start-up: two daemons, a service, main answers';
  const broken = await deviationsOf(() => startUp(cluster));
  if (broken.length > 0) {
    teller.failed(title, broken);
    return false;
  }
  teller.step(title, performance.now() - begunMs, newestChange(cluster, ''));
  for (const step of steps) if (!(await playStep(cluster, step, teller))) return false;
  return true;
}

async function playStep(cluster: DemoCluster, step: Step, teller: StoryTeller): Promise<boolean> {
  const fromMs = performance.now();
  const movesBefore = cluster.moves;
  const changeBefore = changeOf(cluster)?.at ?? '';
  const broken = await deviationsOf(() => step.play(cluster));
  const toMs = performance.now();
  const outcome: Outcome = {
    answers: cluster.client.answeredBy(),
    moves: cluster.moves - movesBefore,
    ...(await cluster.client.report(fromMs, toMs)),
  };
  const deviations = [...broken, ...judge(step.expectation, outcome)];
  if (deviations.length > 0) {
    teller.failed(step.title, deviations);
    return false;
  }
  teller.step(step.title, toMs - fromMs, [summary(outcome), ...newestChange(cluster, changeBefore)]);
  return true;
}

async function deviationsOf(play: () => Promise<void>): Promise<Deviation[]> {
  try {
    await play();
    return [];
  } catch (error) {
    if (error instanceof StepFailed) return [{ expected: error.expected, seen: error.seen }];
    throw error;
  }
}

function summary({ answers, moves, requests, failed, longestGapMs }: Outcome): string {
  const moved = moves === 0 ? 'the address stayed' : `moved ${times(moves)}`;
  return `${answers ?? 'nobody'} answers, ${moved}, ${number(failed)} of ${number(requests)} requests failed, longest gap ${ms(longestGapMs)}`;
}

/** As the node that leads tells it. */
function changeOf(cluster: DemoCluster): Change | null {
  const groups = NODE_NAMES.map((name) => cluster.machine(name).status?.groups[0]);
  return groups.find((group) => group?.role === 'leading')?.lastChange ?? null;
}

function newestChange(cluster: DemoCluster, before: string): string[] {
  const change = changeOf(cluster);
  return change === null || change.at === before || change.phases === null ? [] : [phases(change)];
}

/** "takeover: detect 1,021 + claim 104 + move 608 + start 0 = 1,733 ms" */
export function phases({ reason, phases: parts }: Change): string {
  if (parts === null) return reason;
  const words = [
    `detect ${number(parts.detectMs)}`,
    `claim ${number(parts.claimMs)}`,
    `move ${number(parts.moveMs)}`,
    `start ${number(parts.startMs)}`,
  ];
  return `${reason}: ${words.join(' + ')} = ${ms(parts.totalMs)}`;
}
