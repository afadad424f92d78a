import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatKeyText } from '../../../src/config/key-text.ts';
import type { StatusSnapshot } from '../../../src/control/status-snapshot.ts';
import { Authenticator } from '../../../src/wire/authenticator.ts';
import { fingerprint } from '../../../src/wire/key-agreement.ts';
import { changed } from '../config/configuration-fixture.ts';
import { statusSnapshot } from '../control/snapshot-fixture.ts';
import { CliHarness } from './cli-harness.ts';

type Keys = NonNullable<StatusSnapshot['keys']>;

const KEY = Buffer.from('ab'.repeat(32), 'hex');
const OURS = fingerprint(new Authenticator({ current: KEY, previous: null }).hint);
const ONE_KEY = formatKeyText({ current: KEY, other: null });
const AGREED: Keys = {
  signing: OURS,
  other: null,
  unknownSeen: false,
  peers: [{ node: 'aux', signing: OURS, acceptsOther: false }],
};

describe('key rotate', () => {
  let cli: CliHarness;
  let keyPath: string;
  beforeEach(async () => {
    cli = new CliHarness();
    await cli.start();
    keyPath = join(cli.directory, 'key');
    await writeFile(keyPath, ONE_KEY);
    await writeFile(join(cli.directory, 'eipkeeper.yaml'), changed('/etc/eipkeeper/key', keyPath));
  });
  afterEach(() => cli.close());

  const heldKey = () => readFile(keyPath, 'utf8');
  const daemonSees = (keys: Keys, aux: StatusSnapshot['nodes'][number]['state'] = 'online') => {
    const { nodes } = statusSnapshot();
    const seen = nodes.map((node) => (node.name === 'aux' ? { ...node, state: aux } : node));
    cli.handler.snapshot = statusSnapshot({ keys, nodes: seen });
  };
  const rotate = (...options: readonly string[]) =>
    cli.ask('key', 'rotate', '--config', join(cli.directory, 'eipkeeper.yaml'), ...options);

  it('begins nothing with a node that was heard once and is silent now', async () => {
    daemonSees(AGREED, 'offline');
    const { exitCode, stderr } = await rotate('--timeout', '100ms');
    expect(stderr).toMatch(/^eipkeeper: nothing was changed: aux is not heard, .*--without aux if/);
    expect(exitCode).toBe(107);
    expect(await heldKey()).toBe(ONE_KEY);
  });

  it.each<[string, Keys]>([
    ['aux', { ...AGREED, peers: [{ node: 'aux', signing: '0000', acceptsOther: false }] }],
    ['this node', { ...AGREED, signing: '0000' }],
  ])(
    'begins nothing while %s signs with another key than the one that is to be changed',
    async (who, keys) => {
      daemonSees(keys);
      const { exitCode, stderr } = await rotate('--timeout', '100ms');
      expect(stderr).toContain(`nothing was changed: ${who} signs with another key than ${keyPath} holds`);
      expect(exitCode).toBe(107);
      expect(await heldKey()).toBe(ONE_KEY);
    },
  );
});
