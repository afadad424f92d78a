import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { formatKeyText, type KeyText, parseKeyText } from '../../src/config/key-text.ts';
import { LoopbackCluster, type LoopbackNode, UNHURRIED } from '../support/loopback-cluster.ts';

vi.setConfig({ ...UNHURRIED, testTimeout: 180_000 });

const NAME = '/eipkeeper/key-rotate/key';
const OLD = Buffer.from('ab'.repeat(32), 'hex');
const NEW = Buffer.from('cd'.repeat(32), 'hex');

describe('eipkeeper key rotate', () => {
  let cluster: LoopbackCluster;
  afterEach(() => cluster.close());

  const value = (): KeyText => parseKeyText(cluster.aws.parameters.get(NAME)?.value ?? '')!;
  const put = (text: KeyText) =>
    cluster.aws.parameters.put({
      name: NAME,
      value: formatKeyText(text),
      type: 'SecureString',
      overwrite: true,
    });
  const keyPath = (node: LoopbackNode) => join(node.dir, 'key');

  async function startShared(): Promise<void> {
    cluster = new LoopbackCluster({
      configure: (file) => {
        file.key = { ssm: NAME };
      },
    });
    await cluster.start();
    put({ current: OLD, other: null });
    await cluster.startServing();
  }

  /** Soon: the other node may hear of the last step a moment later, and open its socket after its first heartbeat. */
  function expectOneKey(): Promise<string> {
    return vi.waitFor(
      async () => {
        const [main, aux] = await Promise.all([cluster.main.status(), cluster.aux.status()]);
        expect(main.keys).toMatchObject({ other: null, unknownSeen: false });
        expect(aux.keys).toMatchObject({ signing: main.keys?.signing, other: null });
        expect(main.keys?.peers).toMatchObject([{ node: 'aux', signing: main.keys?.signing }]);
        return main.keys?.signing ?? '';
      },
      { timeout: 30_000, interval: 100 },
    );
  }

  it('changes a key in SSM at one node, and no node is deaf for a moment', async () => {
    await startShared();
    const [before, moves] = [await expectOneKey(), cluster.moves()];
    const plan = await cluster.main.command('key', 'rotate', '--dry-run');
    expect(plan.output).toMatch(/1\. make a new key/);
    expect(value()).toEqual({ current: OLD, other: null });
    const { code, output } = await cluster.main.command('key', 'rotate');
    expect(output).toMatch(/step 1 of 3.*step 2 of 3.*step 3 of 3.*the cluster has a new key/s);
    expect(code).toBe(0);
    expect(await expectOneKey()).not.toBe(before);
    expect(value().other).toBeNull();
    expect(Buffer.from(value().current)).not.toEqual(OLD);
    expect(cluster.moves()).toBe(moves);
    expect(`${cluster.main.log}${cluster.aux.log}`).not.toMatch(/taken for dead|authority/);
  });

  it('lets the new key sign only when every node has read it, and goes on then', async () => {
    await startShared();
    const before = await expectOneKey();
    const fault = { kind: 'http', status: 500 } as const;
    const restore = cluster.aws.faults.inject({ node: 'aux', call: 'GetParameter', fault });
    const late = await cluster.main.command('key', 'rotate', '--timeout', '8s');
    expect(late.output).toMatch(/aux did not accept \w+ in time, so the change stands still/);
    expect(late.code).toBe(124);
    expect((await cluster.main.status()).keys?.signing).toBe(before);
    restore();
    expect((await cluster.main.command('key', 'rotate')).code).toBe(0);
    expect(await expectOneKey()).not.toBe(before);
    expect(`${cluster.main.log}${cluster.aux.log}`).not.toMatch(/taken for dead|authority/);
  });

  it.each([
    ['after the new key was written', { current: OLD, other: { is: 'next', key: NEW } }],
    ['after it began to sign', { current: NEW, other: { is: 'previous', key: OLD } }],
  ] as const)('goes on when it was interrupted %s', async (_when, text) => {
    await startShared();
    put(text);
    const { code, output } = await cluster.main.command('key', 'rotate');
    expect(output).toContain('a change was begun before');
    expect(code).toBe(0);
    expect(value()).toEqual({ current: NEW, other: null });
    await expectOneKey();
  });

  it('begins nothing with a node that is not heard, unless it is left out', async () => {
    await startShared();
    await cluster.aux.ended('SIGKILL');
    await cluster.main.ended('SIGKILL');
    cluster.main.start();
    const role = async () => (await cluster.main.status()).groups[0]?.role;
    await vi.waitFor(async () => expect(await role()).toBe('leading'), { timeout: 30_000, interval: 200 });
    const refused = await cluster.main.command('key', 'rotate');
    expect(refused.output).toContain('nothing was changed: aux is not heard');
    expect(refused.code).toBe(107);
    expect(value()).toEqual({ current: OLD, other: null });
    expect((await cluster.main.command('key', 'rotate', '--without', 'aux')).code).toBe(0);
    cluster.aux.start();
    await cluster.aux.says('leader main');
  });

  it('says what it may not, and changes nothing', async () => {
    await startShared();
    const fault = { kind: 'error', code: 'AccessDeniedException' } as const;
    cluster.aws.faults.inject({ call: 'PutParameter', fault });
    const { code, output } = await cluster.main.command('key', 'rotate');
    expect(output).toContain("take an operator's credentials");
    expect(code).toBe(77);
    expect(value()).toEqual({ current: OLD, other: null });
  });

  it('changes key files when each is copied as it says, and stands still until then', async () => {
    cluster = new LoopbackCluster({
      configure: (file, node) => {
        file.key = { file: keyPath(node) };
        writeFileSync(keyPath(node), OLD.toString('hex'), { mode: 0o600 });
      },
    });
    await cluster.start();
    await cluster.startServing();
    const moves = cluster.moves();
    const late = await cluster.main.command('key', 'rotate', '--timeout', '4s');
    expect(late.code).toBe(124);
    expect(late.output).toMatch(/now copy it to aux: sudo scp -p .*aux did not accept \w+ in time/s);
    expect(cluster.main.log).not.toContain('taken for dead');
    let over = false;
    const going = cluster.main.command('key', 'rotate').finally(() => {
      over = true;
    });
    while (!over) {
      if (readFileSync(keyPath(cluster.main), 'utf8') !== readFileSync(keyPath(cluster.aux), 'utf8')) {
        copyFileSync(keyPath(cluster.main), keyPath(cluster.aux));
        chmodSync(keyPath(cluster.aux), 0o600);
      }
      await sleep(100);
    }
    const { code, output } = await going;
    expect(output).toContain('the cluster has a new key');
    expect(code).toBe(0);
    await expectOneKey();
    expect(cluster.moves()).toBe(moves);
    expect(`${cluster.main.log}${cluster.aux.log}`).not.toMatch(/taken for dead|authority/);
  });
});
