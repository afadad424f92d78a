import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MARK } from './marked-processes.ts';

export type ProfileName = 'default' | 'fast' | 'turbo';
export const PROFILE_NAMES: readonly ProfileName[] = ['default', 'fast', 'turbo'];

export interface NodePlan {
  readonly name: string;
  readonly directory: string;
  readonly instanceId: string;
  /** Of everything that runs on it, see `marked-processes.ts`. */
  readonly mark: string;
  /** Its own private address, and where its peer has to send heartbeats to: the end of a cable. */
  readonly address: string;
  readonly standIn: { readonly address: string; readonly port: number };
}

export interface ClusterPlan {
  readonly cluster: string;
  readonly profile: ProfileName;
  /** Instead of the profile's, like "5s"; null: the profile's. */
  readonly deadtime: string | null;
  readonly nodes: readonly NodePlan[];
  readonly allocationId: string;
  readonly keyFile: string;
  /** Of the heartbeats (UDP) and of the service (TCP), on every node. */
  readonly port: number;
}

const program = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

export const socketPathOf = ({ directory }: NodePlan): string => join(directory, 'control.sock');

/**
 * The configuration file of one node. The same on all nodes but for three things: what one machine cannot have
 * twice (its folders), the address of the service, and the address of the peer, which is where the heartbeat
 * cable begins.
 */
export function nodeConfiguration(plan: ClusterPlan, self: NodePlan): object {
  const nodes = plan.nodes.map((node) => {
    const { address, port } = node === self ? { address: node.address, port: plan.port } : node.standIn;
    return [node.name, { address, port, instanceId: node.instanceId }];
  });
  const listen = `${self.address}:${plan.port}`;
  const run = [program('web-service.ts'), '--listen', listen, '--name', self.name];
  // Programs are found again by their names on the whole machine, where another demo may run.
  const name = `web-${plan.cluster}-${self.name}`;
  return {
    cluster: plan.cluster,
    key: { file: plan.keyFile },
    port: plan.port,
    profile: plan.profile,
    timings: plan.deadtime === null ? {} : { deadtime: plan.deadtime },
    nodes: Object.fromEntries(nodes),
    groups: {
      web: {
        nodes: plan.nodes.map((node) => node.name),
        failback: { mode: 'auto', after: '2s' },
        resources: [
          {
            exec: {
              name,
              run: [process.execPath, ...run],
              monitor: [process.execPath, program('web-check.ts'), `http://${listen}/health`],
              // Named here, because what a service inherits from the daemon is the daemon's business.
              env: { [MARK]: self.mark },
            },
          },
          {
            'elastic-ip': {
              allocationId: plan.allocationId,
              privateAddress: Object.fromEntries(plan.nodes.map((node) => [node.name, node.address])),
            },
          },
        ],
      },
    },
    // On loopback as well: every node of the demo has an address of its own there.
    http: { address: 'node' },
    stateDirectory: join(self.directory, 'state'),
    socket: { path: socketPathOf(self) },
  };
}
