import { setTimeout as sleep } from 'node:timers/promises';
import { type DemoCluster, NODE_NAMES, type NodeName } from '../cluster/demo-cluster.ts';
import { waitUntil } from '../wait-until.ts';
import type { Expectation } from './judge.ts';

export interface Step {
  readonly title: string;
  /** Does it, and waits until what it is about is over. Throws StepFailed when that cannot be had. */
  readonly play: (cluster: DemoCluster) => Promise<void>;
  readonly expectation: Expectation;
}

/** What was wanted did not come about. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
  readonly expected: string;
  readonly seen: string;

  constructor(expected: string, seen: string) {
    super(`expected ${expected}, but ${seen}`);
    this.expected = expected;
    this.seen = seen;
  }
}

const PATIENCE_MS = 15_000;
/** Several times deadtime and lease of every profile: whatever would go wrong has gone wrong by then. */
const LONG_MS = 5_000;
const QUIET_MS = 2_000;
/** So that a daemon which crashed is back before it is taken for dead, on a busy machine too. */
const PATIENT_DEADTIME = '5s';

/** Everything that is done to the cluster, in this order, and what has to come of it. */
export function story(options: { readonly gapMaxMs: number }): readonly Step[] {
  const { gapMaxMs } = options;
  const unharmed = (answers: NodeName, moves: number): Expectation => ({
    answers,
    moves,
    failedMax: 0,
    gapMaxMs,
  });
  return [
    {
      title: 'nothing happens for a while',
      play: () => sleep(QUIET_MS),
      expectation: unharmed('main', 0),
    },
    {
      title: "main's machine dies: power off",
      play: async (cluster) => {
        await cluster.killMachine('main');
        await serves(cluster, 'aux');
      },
      expectation: { answers: 'aux', moves: 1, failedMax: null, gapMaxMs },
    },
    {
      title: 'main boots again, and the address goes back to it',
      play: async (cluster) => {
        cluster.bringBack('main');
        await serves(cluster, 'main');
      },
      expectation: unharmed('main', 1),
    },
    {
      title: 'the heartbeat path is cut',
      play: async (cluster) => {
        cluster.cutHeartbeats(true);
        await sees(cluster, 'offline');
        await sleep(LONG_MS);
      },
      expectation: unharmed('main', 0),
    },
    {
      title: 'the heartbeat path is mended',
      play: async (cluster) => {
        cluster.cutHeartbeats(false);
        await sees(cluster, 'online');
        await sleep(QUIET_MS);
        await serves(cluster, 'main');
      },
      expectation: unharmed('main', 0),
    },
    {
      title: 'eipkeeper switchover --to aux',
      play: (cluster) => move(cluster, 'main', 'aux', 'switchover'),
      expectation: unharmed('aux', 1),
    },
    {
      title: 'eipkeeper switchover --to main',
      play: (cluster) => move(cluster, 'main', 'main', 'switchover'),
      expectation: unharmed('main', 1),
    },
    {
      title: 'eipkeeper failover --to aux --force',
      play: (cluster) => move(cluster, 'aux', 'aux', 'failover', '--force'),
      expectation: { answers: 'aux', moves: 1, failedMax: null, gapMaxMs },
    },
    { title: 'EC2 is down: 503 to every call', play: withoutEc2, expectation: unharmed('aux', 0) },
    {
      title: `deadtime becomes ${PATIENT_DEADTIME}: eipkeeper reload`,
      play: reloadPatient,
      expectation: unharmed('aux', 0),
    },
    {
      title: "only aux's daemon is killed, and started again",
      play: async (cluster) => {
        await cluster.machine('aux').killDaemon();
        cluster.machine('aux').startDaemon();
        await serves(cluster, 'aux');
      },
      expectation: unharmed('aux', 0),
    },
  ];
}

/** The first step, which has no client yet that could see anything fail. */
export async function startUp(cluster: DemoCluster): Promise<void> {
  await cluster.start();
  await serves(cluster, 'main');
}

/** Until a node has address, service and leadership, and the others that live could take over from it. */
export async function serves(cluster: DemoCluster, node: NodeName): Promise<void> {
  if (await waitUntil(() => unsettled(cluster, node) === '', PATIENCE_MS)) return;
  throw new StepFailed(`${node} leads and serves within ${PATIENCE_MS} ms`, unsettled(cluster, node));
}

function unsettled(cluster: DemoCluster, node: NodeName): string {
  for (const name of NODE_NAMES) {
    const { complaint } = cluster.machine(name);
    if (complaint !== '') return complaint;
  }
  const group = cluster.machine(node).status?.groups[0];
  if (group === undefined) return `the daemon of ${node} does not answer`;
  if (group.role !== 'leading') return `${node} is ${group.role}, and ${group.leader ?? 'nobody'} leads`;
  if (cluster.holder !== node) return `the address is on ${cluster.holder || 'no node'}`;
  if (cluster.client.answeredBy() !== node) return `${cluster.client.answeredBy() ?? 'nobody'} answers`;
  if (group.lastChange?.phases === null || group.handover !== null) return 'the move is not over';
  const unable = group.candidates.find(
    (candidate) => !candidate.eligible && !cluster.isDead(candidate.node as NodeName),
  );
  return unable === undefined ? '' : `${unable.node} could not lead: ${unable.reason}`;
}

/** Until both daemons say this of each other. */
async function sees(cluster: DemoCluster, state: 'online' | 'offline'): Promise<void> {
  const saysSo = (node: NodeName) =>
    cluster.machine(node).status?.nodes.every((peer) => peer.self || peer.state === state) === true;
  if (await waitUntil(() => NODE_NAMES.every(saysSo), PATIENCE_MS)) return;
  const silent = NODE_NAMES.find((node) => !saysSo(node)) ?? '';
  throw new StepFailed(`both nodes call each other ${state}`, `${silent} does not`);
}

/** An operator's command, and until it is done. */
async function move(
  cluster: DemoCluster,
  on: NodeName,
  to: NodeName,
  ...words: readonly string[]
): Promise<void> {
  const [verb = '', ...flags] = words;
  await command(cluster, on, verb, '--to', to, ...flags);
  await serves(cluster, to);
}

async function reloadPatient(cluster: DemoCluster): Promise<void> {
  await cluster.setDeadtime(PATIENT_DEADTIME);
  await Promise.all(NODE_NAMES.map((node) => command(cluster, node, 'reload')));
  await sleep(QUIET_MS);
  await serves(cluster, 'aux');
}

async function command(cluster: DemoCluster, on: NodeName, ...words: readonly string[]): Promise<void> {
  const { code, output } = await cluster.machine(on).command(...words);
  if (code === 0) return;
  throw new StepFailed(`exit code 0 of "eipkeeper ${words.join(' ')}"`, `it was ${code}: ${output}`);
}

async function withoutEc2(cluster: DemoCluster): Promise<void> {
  const { aws } = cluster;
  const sinceMs = Date.now();
  const mend = aws.faults.inject({ service: 'ec2', fault: { kind: 'http', status: 503 } });
  await sleep(LONG_MS);
  const refused = aws.journal.count({ service: 'ec2', result: 'http 503', sinceMs });
  mend();
  if (refused === 0) throw new StepFailed('the daemons notice it', 'none of them asked EC2');
  await serves(cluster, cluster.leader ?? 'aux');
}
