import { createInterface } from 'node:readline';

import { groupResources } from '../../src/config/configuration.ts';
import { configurationSchema } from '../../src/config/schema.ts';
import { createChain } from '../../src/resources/create-chain.ts';
import type { ResourceState } from '../../src/resources/resource-adapter.ts';

/**
 * Makes the adapters of a group as the daemon would, and performs calls on the first of them. As a program it runs
 * where the resource lives, in a container for one: an order a line on its input, a list of answers a line on its
 * output, both JSON.
 */
export type AdapterCall = 'validate' | 'start' | 'stop' | 'monitor';

export interface AdapterOrder {
  /** A group as in the configuration, its nodes and its address left out. */
  readonly group: Readonly<Record<string, unknown>> & { readonly resources: readonly unknown[] };
  readonly calls: readonly AdapterCall[];
  readonly deadlineMs?: number;
  readonly runDir?: string;
}

export async function performCalls(order: AdapterOrder): Promise<readonly ResourceState[]> {
  const resources = [...order.group.resources, { 'elastic-ip': { allocationId: 'eipalloc-0' } }];
  const file = configurationSchema.parse({
    cluster: 'test',
    key: { env: 'KEY' },
    nodes: { a: { address: '192.0.2.1' }, b: { address: '192.0.2.2' } },
    groups: { web: { nodes: ['a', 'b'], ...order.group, resources } },
  });
  const group = file.groups.web;
  if (group === undefined) throw new Error('the group was lost');
  const chain = createChain({
    group: 'web',
    kind: group.kind,
    standbyServices: group.standbyServices,
    resources: groupResources(group).services,
    runDir: order.runDir ?? '/tmp',
    onBlind: () => {},
    onWarning: () => {},
  });
  const [adapter] = chain.resources;
  if (adapter === undefined) throw new Error('there is no resource to call');
  const limits = { deadlineMs: order.deadlineMs ?? 30_000, signal: new AbortController().signal };
  const states: ResourceState[] = [];
  for (const call of order.calls) states.push(await adapter[call](limits));
  return states;
}

if (process.argv[1] === import.meta.filename) {
  for await (const line of createInterface(process.stdin)) {
    console.log(JSON.stringify(await performCalls(JSON.parse(line))));
  }
}
