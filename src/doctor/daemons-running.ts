import { peerAddresses } from '../runtime/node-plan.ts';
import type { DoctorContext } from './doctor-context.ts';
import { probeHeartbeats } from './heartbeat-probe.ts';

const PROBE_MS = 2_000;

export interface RunningDaemons {
  /** Nodes on which one runs, as far as this machine can see. */
  readonly running: readonly string[];
  /** Nodes of which that is not known: they do not answer, and may only be out of reach. */
  readonly unknown: readonly string[];
}

/** Asks the daemon here, else each node by its heartbeats. Rejects where this machine is no node. */
export async function findDaemons(context: DoctorContext): Promise<RunningDaemons> {
  const status = await context.status();
  if (status !== null) {
    const others = status.nodes.filter(({ self }) => !self);
    return {
      running: [status.node, ...others.filter(({ state }) => state !== 'offline').map(({ name }) => name)],
      unknown: others.filter(({ state }) => state === 'offline').map(({ name }) => name),
    };
  }
  const [configuration, self, keys, { identity }] = await Promise.all([
    context.placed(),
    context.self(),
    context.keys(),
    context.machine(),
  ]);
  const addresses = peerAddresses(configuration);
  const [local] = addresses[self] ?? [];
  const peers = Object.entries(addresses).filter(([name]) => name !== self);
  const kinds = await Promise.all(
    peers.map(async ([peer, [remote]]) => {
      if (local === undefined || remote === undefined) return { peer, kind: 'silent' };
      const probed = { self, instanceId: identity.instanceId, peer, path: 0, local, remote, keys };
      return { peer, kind: (await probeHeartbeats(probed, PROBE_MS)).kind };
    }),
  );
  const named = (wanted: readonly string[]) =>
    kinds.filter(({ kind }) => wanted.includes(kind)).map(({ peer }) => peer);
  return {
    running: named(['answered', 'one-way', 'other-key', 'other-version']),
    unknown: named(['silent', 'failed']),
  };
}
