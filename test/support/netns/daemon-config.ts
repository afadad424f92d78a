import { stringify } from 'yaml';
import type { NodeMachine } from './node-machine.ts';

type ConfiguredNode = Pick<
  NodeMachine,
  'name' | 'addresses' | 'nginxConfigPath' | 'stateDirectory' | 'socketPath'
>;

export interface GroupOptions {
  readonly failback?: 'auto' | 'manual' | { readonly mode: 'auto' | 'manual'; readonly after: string };
  readonly standbyServices?: 'warm' | 'stopped';
}

export interface DaemonConfigOptions {
  readonly cluster: string;
  readonly keyPath: string;
  readonly profile: 'default' | 'fast' | 'turbo';
  readonly ssmPrefix: string;
  readonly allocationId: string;
  readonly group: GroupOptions;
}

/** The configuration file of one node: the same cluster for all, with this node's own folders. */
export function daemonConfig(
  nodes: readonly ConfiguredNode[],
  self: ConfiguredNode,
  options: DaemonConfigOptions,
): string {
  const addressOf = ({ addresses }: ConfiguredNode) =>
    addresses.length === 1 ? { address: addresses[0] } : { addresses };
  return stringify({
    cluster: options.cluster,
    key: { file: options.keyPath },
    nodes: Object.fromEntries(nodes.map((node) => [node.name, addressOf(node)])),
    profile: options.profile,
    port: 9694,
    witness: { ssm: { prefix: options.ssmPrefix } },
    groups: {
      web: {
        nodes: nodes.map(({ name }) => name),
        ...options.group,
        resources: [
          { 'elastic-ip': { allocationId: options.allocationId } },
          {
            nginx: {
              config: self.nginxConfigPath,
              // systemd knows no namespaces: asked for nginx.service, it would start the one of this machine.
              unit: false,
              health: { url: 'http://127.0.0.1/health' },
            },
          },
        ],
      },
    },
    stateDirectory: self.stateDirectory,
    socket: { path: self.socketPath },
  });
}
