import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LoopbackCluster, PROGRAM, runCommand, UNHURRIED } from '../support/loopback-cluster.ts';

vi.setConfig({ ...UNHURRIED, testTimeout: 180_000 });
const WAIT = { timeout: 60_000, interval: 50 };
const KEYS = { accessKeyId: 'AKIAOPERATOR', secretAccessKey: 'secret' };

/** An operator with AWS credentials and nothing else: no file, no socket, no way to a node. */
describe('a move by way of SSM', () => {
  let cluster: LoopbackCluster;
  let prefix = '';

  beforeEach(async () => {
    cluster = new LoopbackCluster({ emulator: { accessKeys: { [KEYS.accessKeyId]: 'operator' } } });
    await cluster.start();
    prefix = `/eipkeeper/${cluster.main.file.cluster}`;
    await cluster.startServing();
  });
  afterEach(() => cluster.close());

  const environment = () => ({
    PATH: process.env.PATH,
    AWS_ENDPOINT_URL: cluster.aws.endpoint,
    AWS_REGION: cluster.aws.region,
    AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  });
  const afar = (...words: readonly string[]) =>
    runCommand([...words, '--via', 'ssm', '--prefix', prefix, '--group', 'web'], environment());
  const request = () => cluster.aws.parameters.get(`${prefix}/request`);

  it('moves, waits for the verdict, and says in the journal who asked', async () => {
    const { code, output } = await afar('switchover', '--to', 'aux');
    expect(output).toContain('web is on aux');
    expect(code).toBe(0);
    expect(cluster.holder()).toBe('aux');
    const asked = /handed over, asked by arn:aws:sts::\d+:assumed-role\/eipkeeper\/operator/;
    await cluster.aux.says(asked);
    const events = await cluster.aux.command('events', '--output', 'json', '--limit', '100');
    const lines = events.output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; text: string; group: string | null });
    expect(lines.filter(({ group }) => group === 'web').map(({ text }) => text)).toContainEqual(
      expect.stringMatching(asked),
    );
  });

  it('is forced by its target; who asks without STS is named by its machine', async () => {
    cluster.aws.faults.inject({ service: 'sts', fault: { kind: 'http', status: 503 } });
    const { code, output } = await afar('failover', '--force', '--to', 'aux');
    expect(output).toContain('who you are in AWS is not known (STS GetCallerIdentity failed: HTTP 503)');
    expect(code).toBe(0);
    expect(cluster.holder()).toBe('aux');
  });

  it('is refused with the reason of the node, by those who may not, and for what makes no sense', async () => {
    await cluster.aux.ended('SIGKILL');
    await cluster.main.says(/aux has been silent/);
    const refused = await afar('switchover', '--to', 'aux');
    expect(refused.output).toMatch(/web was not moved to aux: main refused: /);
    expect(refused.code).toBe(107);
    const fault = { kind: 'error', code: 'AccessDeniedException' } as const;
    const restore = cluster.aws.faults.inject({ call: 'PutParameter', fault });
    expect((await afar('switchover', '--to', 'aux')).code).toBe(77);
    restore();
    const nobody = await afar('failover', '--force', '--to', 'aux', '--timeout', '5s');
    expect(nobody.output).toMatch(/aux did not answer in time; the request was withdrawn/);
    expect(nobody.code).toBe(124);
    expect(request()).toBeNull();
    expect(cluster.holder()).toBe('main');
    const unnamed = await runCommand(['switchover', '--via', 'ssm', '--prefix', prefix], environment());
    expect(unnamed.code).toBe(64);
  });

  it('is taken back by Ctrl-C', async () => {
    const words = [
      'failover',
      '--force',
      '--via',
      'ssm',
      '--prefix',
      prefix,
      '--group',
      'web',
      '--to',
      'nobody',
    ];
    const child = spawn(process.execPath, [PROGRAM, ...words], { env: environment(), stdio: 'ignore' });
    const ended = once(child, 'close');
    await expect.poll(() => request() !== null, WAIT).toBe(true);
    child.kill('SIGINT');
    expect(await ended).toEqual([1, null]);
    expect(request()).toBeNull();
  });
});

describe('eipkeeper events --follow', () => {
  it('prints what comes, until it is interrupted', async () => {
    const cluster = new LoopbackCluster();
    try {
      await cluster.start();
      await cluster.startServing();
      const words = ['events', '--follow', '--limit', '1', '--config', cluster.main.configPath];
      const child = spawn(process.execPath, [PROGRAM, ...words], {
        env: cluster.aws.environmentOf('main'),
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      await expect.poll(() => output.split('\n').length, WAIT).toBeGreaterThan(1);
      expect(output.trimEnd().split('\n')).toHaveLength(1);
      const ended = once(child, 'close');
      await cluster.main.command('switchover', '--to', 'aux');
      await expect.poll(() => output, WAIT).toMatch(/asks for a switchover of web to aux/);
      await expect.poll(() => output, WAIT).toMatch(/leader aux/);
      child.kill('SIGINT');
      expect(await ended).toEqual([0, null]);
    } finally {
      await cluster.close();
    }
  });
});
