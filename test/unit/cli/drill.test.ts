import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { candidate, groupStatus, statusSnapshot } from '../control/snapshot-fixture.ts';
import { CliHarness } from './cli-harness.ts';

let cli: CliHarness;
beforeEach(async () => {
  cli = new CliHarness();
  await cli.start();
});
afterEach(() => cli.close());

describe('status --ready', () => {
  it('ends with 0 when every node could lead every group', async () => {
    const { stdout, exitCode } = await cli.ask('status', '--ready');
    expect(stdout).toBe('web: main is ready\nweb: aux is ready\n');
    expect(exitCode).toBe(0);
  });

  it.each([
    [{ candidates: [candidate('aux', { eligible: false, reason: 'nginx -t failed' })] }, 'nginx -t failed'],
    [{ leader: null }, 'nobody is known to lead'],
    [{ maintenance: true }, 'the group is in maintenance'],
    [{ address: { ...groupStatus().address, complaint: 'it is gone' } }, 'it is gone'],
  ])('ends with 1 and the reason, %#', async (group, reason) => {
    cli.handler.snapshot = statusSnapshot({ groups: [groupStatus(group)] });
    const { stdout, exitCode } = await cli.ask('status', '--ready', '--output', 'json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toContainEqual({ group: 'web', node: 'aux', ready: false, reason });
  });
});

describe('drill', () => {
  it('moves nothing when a node could not lead', async () => {
    const aux = candidate('aux', { eligible: false, reason: 'nginx -t failed' });
    const candidates = [candidate('main'), aux];
    cli.handler.snapshot = statusSnapshot({ groups: [groupStatus({ candidates })] });
    const { stderr, exitCode } = await cli.ask('drill');
    expect(stderr).toContain('nothing was moved: aux could not lead: nginx -t failed');
    expect(exitCode).toBe(107);
    expect(cli.handler.commands).toEqual([]);
  });

  it('that fails on its way is not gone back, and ends as the switchover did', async () => {
    cli.handler.outcome = { status: 'refused', reason: 'aux: nginx does not start', code: 'unsafe' };
    const { stdout, exitCode } = await cli.ask('drill');
    expect(stdout).toBe('broken off: main → aux: aux: nginx does not start; main leads web\n');
    expect(exitCode).toBe(107);
    expect(cli.handler.commands).toHaveLength(1);
  });

  it('needs another node than the one that leads', async () => {
    const { stderr, exitCode } = await cli.ask('drill', '--to', 'main');
    expect(stderr).toContain('main leads web already');
    expect(exitCode).toBe(64);
  });
});
