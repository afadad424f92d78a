import { API_PORT } from '../../../support/netns/address-plan.ts';
import type { ClusterNode } from '../../../support/netns/cluster.ts';
import { nft } from '../../../support/netns/namespace.ts';

/** The local ports of the node's connections to the API. */
export async function openConnections(node: ClusterNode): Promise<number[]> {
  const lines = await node.run(['ss', '-Htn', 'state', 'established', 'dport', '=', `:${API_PORT}`]);
  return [...lines.matchAll(/:(\d+)\s+\S+:\d+/g)].map(([, port]) => Number(port));
}

/** These connections fall silent, both ways and for good: nobody is told. New ones work. */
export async function cutConnections(node: ClusterNode, ports: readonly number[]): Promise<void> {
  if (ports.length === 0) throw new Error(`${node.name} has no connection to the API`);
  const set = `{ ${ports.join(', ')} }`;
  await nft(
    node.namespace,
    `table ip silenced {
       chain out { type filter hook output priority filter; tcp dport ${API_PORT} tcp sport ${set} drop; }
       chain in { type filter hook input priority filter; tcp sport ${API_PORT} tcp dport ${set} drop; }
     }
    `,
  );
}
