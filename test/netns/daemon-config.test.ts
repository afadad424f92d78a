import { expect, it } from 'vitest';
import { parseConfiguration } from '../../src/config/load.ts';
import { daemonConfig } from '../support/netns/daemon-config.ts';

const node = (name: string, addresses: readonly string[]) => ({
  name,
  addresses,
  nginxConfigPath: `/tmp/x/${name}/nginx.conf`,
  stateDirectory: `/tmp/x/${name}/state`,
  socketPath: `/tmp/x/${name}/run/eipkeeper.sock`,
});

it.each([
  { failback: 'manual', standbyServices: 'stopped' },
  { failback: { mode: 'auto', after: '2s' } },
  {},
] as const)('the configuration of the test cluster is one that the daemon accepts: %j', (group) => {
  const nodes = [node('main', ['10.77.0.11', '10.78.0.11']), node('aux', ['10.77.0.12', '10.78.0.12'])];
  const text = daemonConfig(nodes, nodes[1]!, {
    cluster: 'classic',
    keyPath: '/tmp/x/key',
    profile: 'fast',
    ssmPrefix: '/eipkeeper/eipk-012345',
    allocationId: 'eipalloc-0123456789abcdef0',
    group,
  });
  const { file, witnessPrefix } = parseConfiguration(Buffer.from(text), 'test.yaml');
  expect(Object.keys(file.nodes)).toEqual(['main', 'aux']);
  expect(witnessPrefix).toBe('/eipkeeper/eipk-012345');
});
