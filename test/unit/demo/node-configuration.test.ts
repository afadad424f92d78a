import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseConfiguration } from '../../../src/config/load.ts';
import { MARK } from '../../../src/demo/cluster/marked-processes.ts';
import {
  type ClusterPlan,
  type NodePlan,
  nodeConfiguration,
} from '../../../src/demo/cluster/node-configuration.ts';

const node = (name: string, address: string, port: number): NodePlan => ({
  name,
  directory: `/tmp/demo/${name}`,
  instanceId: name === 'main' ? 'i-0a' : 'i-0b',
  mark: `demo-1/${name}`,
  address,
  standIn: { address: '127.0.0.1', port },
});
const nodes = [node('main', '127.0.0.11', 41_001), node('aux', '127.0.0.12', 41_002)];
const plan = (part: Partial<ClusterPlan> = {}): ClusterPlan => ({
  cluster: 'demo-1',
  profile: 'default',
  deadtime: null,
  nodes,
  allocationId: 'eipalloc-0a',
  keyFile: '/tmp/demo/key',
  port: 12_345,
  ...part,
});
const parse = (clusterPlan: ClusterPlan, self: NodePlan) =>
  parseConfiguration(Buffer.from(stringify(nodeConfiguration(clusterPlan, self))), 'demo.yaml');

test.each(['default', 'fast', 'turbo'] as const)('is accepted with profile %s', (profile) => {
  for (const self of nodes) expect(() => parse(plan({ profile }), self)).not.toThrow();
  for (const self of nodes) expect(() => parse(plan({ profile, deadtime: '5s' }), self)).not.toThrow();
});

test('sends heartbeats to where the cable of the peer begins, and binds its own address', () => {
  const { file } = parse(plan(), nodes[0]!);
  expect(file.nodes.main).toMatchObject({ addresses: ['127.0.0.11'], port: 12_345 });
  expect(file.nodes.aux).toMatchObject({ addresses: ['127.0.0.1'], port: 41_002 });
});

test('marks the service, which outlives its daemon, so that the demo can end it', () => {
  const { file } = parse(plan(), nodes[1]!);
  const [service] = file.groups.web!.resources;
  expect(service).toMatchObject({ type: 'exec', parameters: { env: { [MARK]: 'demo-1/aux' } } });
});
