import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { formatKeyText, parseKeyText } from '../../../src/config/key-text.ts';
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
const SPEAKING_TWO_KEYS: Keys = { ...AGREED, unknownSeen: true };

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
  afterEach(async () => {
    vi.restoreAllMocks();
    await cli.close();
  });

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

  it('names the node that is not ready, and this one when it is the one', async () => {
    daemonSees(AGREED);
    const own = await rotate('--timeout', '100ms');
    expect(own.stderr).toMatch(/this node, aux did not accept \w+ in time/);
    const { current, other } = parseKeyText(await heldKey())!;
    const hint = fingerprint(new Authenticator({ current: other!.key, previous: null }).hint);
    expect(current).toEqual(KEY);
    daemonSees({ ...AGREED, other: hint });
    const again = await rotate('--timeout', '100ms');
    expect(again.stderr).toContain(
      `\neipkeeper: aux did not accept ${hint} in time, so the change stands still`,
    );
    expect(again.stderr).toContain(`now copy it to aux: sudo scp -p ${keyPath} root@10.0.0.12:${keyPath}`);
    expect(again.exitCode).toBe(124);
  });

  it.each<[string, Keys, string]>([
    ['another node speaks with a second key', SPEAKING_TWO_KEYS, 'a node speaks with another key'],
    ['this daemon still has a second key', { ...AGREED, other: '0000' }, 'a change was begun before'],
  ])('waits for the last step of a change, and begins no other, while %s', async (_what, keys, why) => {
    daemonSees(keys);
    const plan = await rotate('--dry-run');
    expect(plan.stdout).toMatch(new RegExp(`^1\\. ${why}.*\\n2\\. wait until .*old key\\n$`));
    const { exitCode, stderr } = await rotate('--timeout', '100ms');
    expect(stderr).toContain(why);
    expect(stderr).toContain('now copy it to aux');
    expect(stderr).not.toContain('aux did not');
    expect(exitCode).toBe(124);
    expect(await heldKey()).toBe(ONE_KEY);
  });

  it('says in the last step that it is not known which node has kept the old key', async () => {
    daemonSees(SPEAKING_TWO_KEYS);
    const { stderr } = await rotate('--timeout', '100ms');
    expect(stderr).toMatch(
      /: a node, it is not known which, did not drop the old key in time, .* to every node/,
    );
  });

  it.each<[string, Keys, number, RegExp]>([
    ['ends the last step of a change', { ...AGREED, other: '0000' }, 0, /^the cluster has a new key\n$/],
    [
      'does not claim to have made a key',
      SPEAKING_TWO_KEYS,
      75,
      /\neipkeeper: no new key was made: .* type it/,
    ],
  ])('%s once nobody speaks with another key any more', async (_what, keys, code, words) => {
    daemonSees(keys);
    const now = performance.now.bind(performance);
    let shiftMs = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now() + shiftMs);
    const look = cli.handler.status.bind(cli.handler);
    const reload = vi.spyOn(cli.handler, 'reload');
    let quietLooks = 0;
    vi.spyOn(cli.handler, 'status').mockImplementation(() => {
      if (quietLooks > 0) shiftMs = 7_000;
      if (reload.mock.calls.length > 0) daemonSees(AGREED);
      if (cli.handler.snapshot.keys === AGREED) quietLooks += 1;
      return look();
    });
    const { exitCode, stdout, stderr } = await rotate();
    expect(stdout || stderr).toMatch(words);
    expect(exitCode).toBe(code);
    expect(await heldKey()).toBe(ONE_KEY);
  });

  it('begins a new change although a node that is left out speaks with another key', async () => {
    daemonSees(SPEAKING_TWO_KEYS);
    await rotate('--without', 'aux', '--timeout', '100ms');
    expect(parseKeyText(await heldKey())?.other?.is).toBe('next');
  });

  it('ends with 1 and a sentence of its own when it is given up', async () => {
    daemonSees(AGREED);
    const run = rotate();
    await vi.waitFor(async () => expect(await heldKey()).not.toBe(ONE_KEY), { interval: 5 });
    cli.interrupt.abort();
    const { exitCode, stderr } = await run;
    expect(stderr).toMatch(/\neipkeeper: given up: .*the change stands still.*key rotate" goes on\n$/);
    expect(stderr).not.toContain('in time');
    expect(exitCode).toBe(1);
  });
});
