import { ControlClient } from '../../../src/control/client.ts';
import type { GroupStatus } from '../../../src/control/status-snapshot.ts';
import type { ClusterNode } from './cluster.ts';
import { eipkeeper, program } from './daemon.ts';
import { waitFor } from './wait-for.ts';

/** For a busy machine: each of these is a matter of seconds. */
const PATIENCE = { withinMs: 60_000, everyMs: 200 };

/** The only group, as the daemon of this node sees it. */
export async function groupOn(node: ClusterNode): Promise<GroupStatus> {
  const control = new ControlClient({ path: node.socketPath, patienceMs: 10_000 });
  return (await control.status()).groups[0]!;
}

export async function untilLeads(node: ClusterNode): Promise<void> {
  const leads = async () => (await groupOn(node)).leader === node.name;
  await waitFor(`${node.name} to lead`, leads, PATIENCE);
}

/** Until `eipkeeper status --ready` says that the group could be taken over. */
export async function untilReady(node: ClusterNode): Promise<void> {
  const ready = () => eipkeeper(node, 'status', '--ready').then(() => true);
  await waitFor('the standby to be ready', ready, PATIENCE);
}

/** Until `eipkeeper doctor` finds nothing wrong but the silence of a peer on which nothing runs yet. */
export async function untilNothingIsMissing(node: ClusterNode): Promise<void> {
  const onlyHeartbeats = async () => (await doctorsFailures(node)).join() === 'heartbeats';
  await waitFor(`${node.name} to have all it needs`, onlyHeartbeats, PATIENCE);
}

async function doctorsFailures(node: ClusterNode): Promise<readonly string[]> {
  // Ends with what the first failure is.
  const line = '"$0" "$@" || true';
  const words = [process.execPath, program, 'doctor', '--output', 'json', '--config', node.configPath];
  const { findings } = JSON.parse(await node.run(['sh', '-c', line, ...words], { timeoutMs: 60_000 }));
  return (findings as readonly { check: string; verdict: string }[])
    .filter(({ verdict }) => verdict === 'failure')
    .map(({ check }) => check);
}
