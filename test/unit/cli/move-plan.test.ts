import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { groupStatus, statusSnapshot } from '../control/snapshot-fixture.ts';
import { CliHarness } from './cli-harness.ts';

let cli: CliHarness;
beforeEach(async () => {
  cli = new CliHarness();
  await cli.start();
});
afterEach(() => cli.close());

const see = (group: Parameters<typeof groupStatus>[0], rest: Parameters<typeof statusSnapshot>[0] = {}) => {
  cli.handler.snapshot = statusSnapshot({ ...rest, groups: [groupStatus(group)] });
};
const dryRun = (...words: readonly string[]) => cli.ask(...words, '--dry-run');

describe('a dry run', () => {
  it('says each step of a switchover, and does nothing', async () => {
    const { stdout, exitCode } = await dryRun('switchover', '--to', 'aux');
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      '1. main asks aux to get ready: to start and check nginx',
      '2. main sends no more changes to EC2 and yields to aux',
      '3. aux creates term 8 in the witness, in its own name',
      '4. aux moves 203.0.113.10 to itself',
    ]);
    expect(stdout).toContain('Nothing was done.');
    expect(cli.handler.commands).toEqual([]);
  });

  it('says of an exclusive group that it stops before it starts', async () => {
    see({ kind: 'exclusive' });
    const { stdout } = await dryRun('switchover', '--to', 'aux');
    expect(stdout).toMatch(/main stops nginx[\s\S]*creates term 8[\s\S]*after it started nginx/);
  });

  it('of a force waits for nobody in an address group', async () => {
    const { stdout } = await dryRun('failover', '--to', 'aux', '--force');
    expect(stdout).toMatch(
      /1\. aux reads the newest term[\s\S]*2\. aux creates term 8 .* whatever main does/,
    );
  });

  it('of what is so already does nothing', async () => {
    const { stdout, exitCode } = await dryRun('switchover', '--to', 'main');
    expect(stdout).toContain('nothing: main leads web already');
    expect(exitCode).toBe(0);
  });

  it.each([
    [
      106,
      'the witness is down: no answer',
      {},
      { witness: { state: 'down', since: null, reason: 'no answer' } },
    ],
    [
      107,
      'aux could not lead: nginx -t failed',
      { candidates: [{ node: 'aux', eligible: false, reason: 'nginx -t failed' }] },
      {},
    ],
    [107, 'nobody leads', { leader: null }, {}],
    [107, 'web is in maintenance', { maintenance: true }, {}],
    [107, 'the address: it is gone', { address: { ...groupStatus().address, complaint: 'it is gone' } }, {}],
    [75, 'a move to aux is under way', { handover: { target: 'aux', phase: 'asked', why: 'x' } }, {}],
    [75, 'ann asked for a force to aux', { request: { kind: 'force', target: 'aux', by: 'ann' } }, {}],
  ] as const)('ends with %i: %s', async (code, text, group, rest) => {
    see(group as never, rest as never);
    const { stdout, exitCode } = await dryRun('switchover', '--to', 'aux');
    expect(stdout).toContain(text);
    expect(exitCode).toBe(code);
    const json = JSON.parse((await dryRun('switchover', '--to', 'aux', '--output', 'json')).stdout);
    expect(json).toMatchObject({ exitCode: code, steps: expect.any(Array) });
    expect(json.obstacles.join()).toContain(text);
  });
});

describe('a move by way of SSM', () => {
  it.each([
    [['--to', 'aux', '--prefix', '/eipkeeper/web'], 'add --group'],
    [['--prefix', '/eipkeeper/web', '--group', 'web'], 'add --to'],
    [['--to', 'aux', '--prefix', 'web', '--group', 'web'], 'write it like /eipkeeper/web'],
    [['--to', 'aux', '--dry-run'], 'leave --via ssm out'],
  ])('typed wrong, %j, is told so', async (words, text) => {
    const { exitCode, stderr } = await cli.run('switchover', '--via', 'ssm', ...words);
    expect(stderr).toContain(text);
    expect(exitCode).toBe(64);
  });

  it('is what --prefix and --region are for', async () => {
    const { exitCode, stderr } = await cli.ask('switchover', '--to', 'aux', '--prefix', '/x');
    expect(stderr).toContain('are for --via ssm');
    expect(exitCode).toBe(64);
  });
});
