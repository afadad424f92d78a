import { type DemoCluster, NODE_NAMES, type NodeName, otherOf } from '../cluster/demo-cluster.ts';

/** What a key does; resolves with a sentence about it. null: the key means nothing. */
export function actionFor(key: string): ((cluster: DemoCluster) => Promise<string> | string) | null {
  switch (key.toLowerCase()) {
    case 'k':
      return kill;
    case 'r':
      return bringBack;
    case 'p':
      return cutOrMend;
    case 'f':
      return force;
    default:
      return null;
  }
}

async function kill(cluster: DemoCluster): Promise<string> {
  const holder = NODE_NAMES.find((name) => name === cluster.holder);
  const victim = cluster.leader ?? holder ?? null;
  if (victim === null || cluster.isDead(victim)) return 'nobody leads: there is nothing to kill';
  await cluster.killMachine(victim);
  return `${victim} is dead: power off for its daemon and its service`;
}

function bringBack(cluster: DemoCluster): string {
  const dead = NODE_NAMES.filter((name) => cluster.isDead(name));
  if (dead.length === 0) return 'both machines live: there is nothing to bring back';
  for (const name of dead) cluster.bringBack(name);
  const names = dead.join(' and ');
  return dead.includes('main')
    ? `${names} boots again, and is preferred: it gets the address back, later each time`
    : `${names} boots again`;
}

function cutOrMend(cluster: DemoCluster): string {
  cluster.cutHeartbeats(!cluster.isCut);
  if (!cluster.isCut) return 'the heartbeat path is mended';
  return 'the heartbeat path is cut, nothing else: the witness decides who leads';
}

async function force(cluster: DemoCluster): Promise<string> {
  const living = NODE_NAMES.filter((name) => !cluster.isDead(name));
  const target: NodeName = cluster.leader === null ? (living[0] ?? 'main') : otherOf(cluster.leader);
  if (cluster.isDead(target)) return `${target} is dead: bring it back first (r)`;
  const { code, output } = await cluster.machine(target).command('failover', '--to', target, '--force');
  const said = output.split('\n').at(-1) ?? '';
  return code === 0
    ? `eipkeeper failover --to ${target} --force: done`
    : `failover: exit code ${code}: ${said}`;
}
