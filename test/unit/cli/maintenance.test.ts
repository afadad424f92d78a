import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { groupStatus, statusSnapshot } from '../control/snapshot-fixture.ts';
import { CliHarness } from './cli-harness.ts';

let cli = new CliHarness();
beforeEach(async () => {
  cli = new CliHarness();
  await cli.start();
});
afterEach(() => cli.close());

describe('maintenance', () => {
  it('is of all groups, or of the one that is named', async () => {
    expect(await cli.ask('maintenance', 'on')).toMatchObject({
      exitCode: 0,
      stdout: 'every group is in maintenance\n',
    });
    expect((await cli.ask('maintenance', 'off', 'web')).stdout).toBe('web is out of maintenance\n');
    expect(cli.handler.commands).toMatchObject([
      { type: 'maintenance', on: true, group: null },
      { type: 'maintenance', on: false, group: 'web' },
    ]);
  });

  it('says who has not heard of it', async () => {
    cli.handler.outcome = { status: 'done', reason: 'aux cannot be heard' };
    expect((await cli.ask('maintenance', 'on')).stdout).toBe(
      'every group is in maintenance; but aux cannot be heard\n',
    );
    cli.handler.outcome = { status: 'timeout', reason: 'aux did not answer in time' };
    expect(await cli.ask('maintenance', 'on')).toMatchObject({
      exitCode: 124,
      stderr: 'maintenance on: aux did not answer in time\n',
    });
  });

  it.each([['maintenance'], ['maintenance', 'maybe'], ['maintenance', 'on', 'mail']])(
    'is refused as "%s %s %s", and asks nothing of the daemon',
    async (...words) => {
      expect((await cli.ask(...words)).exitCode).toBe(64);
      expect(cli.handler.commands).toEqual([]);
    },
  );

  it('is in the status', async () => {
    cli.handler.snapshot = statusSnapshot({ groups: [groupStatus({ maintenance: true })] });
    expect((await cli.ask('status')).stdout).toContain('IN MAINTENANCE');
  });
});

describe('cleanup', () => {
  it('is of everything, of one group, of one node', async () => {
    await cli.ask('cleanup');
    expect((await cli.ask('cleanup', 'web', '--node', 'aux')).stdout).toBe(
      'the failures of web are forgotten on aux\n',
    );
    expect(cli.handler.commands).toMatchObject([
      { type: 'cleanup', group: null, node: null },
      { type: 'cleanup', group: 'web', node: 'aux' },
    ]);
  });

  it('of a node that is not there names those that are', async () => {
    const { exitCode, stderr } = await cli.ask('cleanup', '--node', 'spare');
    expect(exitCode).toBe(64);
    expect(stderr).toContain('there is no node spare: there are main, aux');
  });

  it('has something to forget when the status says so', async () => {
    const failure = { resource: 'nginx', count: 3, reason: 'nginx: it has ended', ineligible: true };
    const failures = [{ ...failure, until: '2026-11-21T05:11:00.000Z' }];
    cli.handler.snapshot = statusSnapshot({ groups: [groupStatus({ failures })] });
    expect((await cli.ask('status')).stdout).toContain(
      'nginx failed 3 times on main (nginx: it has ended); main does not lead it until 2026-11-21T05:11:00.000Z',
    );
  });

  it.each(['maintenance', 'cleanup'])('has an example, and so has "%s"', async (command) => {
    expect((await cli.ask(command, '--help')).stdout).toContain(`Example:\n  eipkeeper ${command}`);
  });
});
