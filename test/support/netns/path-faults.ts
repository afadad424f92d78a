import { HEARTBEAT_PORT, type PathIndex, ROUTER_PORT } from './address-plan.ts';
import { command } from './command.ts';
import { nft } from './namespace.ts';
import type { Topology } from './topology.ts';

/** Something done to frames on their way through the VPC, until it is healed. */
export interface PathFault {
  /** A node's name, or 'router' (the way to the API, the metadata and the clients); anybody when left out. */
  readonly from?: string;
  readonly to?: string;
  readonly path?: PathIndex;
  /** Only the heartbeats (UDP to their port), not what else goes that way. */
  readonly heartbeatsOnly?: boolean;
  /** 100 drops all of it. */
  readonly lossPercent: number;
}

export interface PathFaults {
  /** Takes a node's port off the VPC: its interface keeps its carrier, as on EC2. All paths unless one is named. */
  cut(node: string, path?: PathIndex): Promise<void>;
  mend(node: string, path?: PathIndex): Promise<void>;
  /** Returns what heals this fault alone. */
  inject(fault: PathFault): Promise<() => Promise<void>>;
  /** All heartbeats between all nodes are lost; everything else works. Returns what heals it. */
  cutHeartbeats(): Promise<() => Promise<void>>;
}

export function createPathFaults(topology: Topology): PathFaults {
  const active = new Set<PathFault>();
  const setPorts = async (name: string, path: PathIndex | undefined, state: 'disabled' | 'forwarding') => {
    const ports = portsOf(topology, name, path);
    const code = state === 'disabled' ? '0' : '3';
    for (const port of ports) {
      await command('bridge', ['-n', topology.vpc, 'link', 'set', 'dev', port, 'state', code]);
    }
  };
  const inject = async (fault: PathFault) => {
    active.add(fault);
    await apply(topology, active);
    return async () => {
      active.delete(fault);
      await apply(topology, active);
    };
  };
  return {
    cut: (node, path) => setPorts(node, path, 'disabled'),
    mend: (node, path) => setPorts(node, path, 'forwarding'),
    inject,
    cutHeartbeats: () => inject({ heartbeatsOnly: true, lossPercent: 100 }),
  };
}

/** All rules are replaced in one transaction: no packet sees half of them. */
async function apply(topology: Topology, faults: Iterable<PathFault>): Promise<void> {
  const rules = [...faults].flatMap((fault) => rulesOf(topology, fault));
  await nft(
    topology.vpc,
    `table bridge faults {
       chain between_ports { type filter hook forward priority 0; }
     }
     flush chain bridge faults between_ports
     table bridge faults {
       chain between_ports {
         ${rules.join('\n         ')}
       }
     }
    `,
  );
}

function rulesOf(topology: Topology, fault: PathFault): string[] {
  const from = fault.from === undefined ? [null] : portsOf(topology, fault.from, fault.path);
  const to = fault.to === undefined ? [null] : portsOf(topology, fault.to, fault.path);
  const what = fault.heartbeatsOnly === true ? `ip protocol udp udp dport ${HEARTBEAT_PORT}` : '';
  const how =
    fault.lossPercent >= 100 ? '' : `numgen random mod 10000 < ${Math.round(fault.lossPercent * 100)}`;
  const bridgePath = fault.path === undefined ? '' : `iifname "path${fault.path}-*"`;
  return from.flatMap((source) =>
    to.map((target) =>
      [
        source === null ? bridgePath : `iifname "${source}"`,
        target === null ? '' : `oifname "${target}"`,
        what,
        how,
        'drop',
      ]
        .filter(Boolean)
        .join(' '),
    ),
  );
}

function portsOf(topology: Topology, name: string, path: PathIndex | undefined): string[] {
  if (name === 'router') return [ROUTER_PORT];
  const node = topology.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) throw new Error(`no node ${name} in this topology`);
  return path === undefined ? [...node.ports] : [node.ports[path]!];
}
