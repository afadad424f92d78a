import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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
    expect(stderr).toBe('nothing was moved: aux could not lead: nginx -t failed\n');
    expect(exitCode).toBe(107);
    expect(JSON.parse((await cli.ask('drill', '--output', 'json')).stdout)).toEqual({
      status: 'refused',
      reason: 'aux could not lead: nginx -t failed',
      exitCode: 107,
    });
    expect(cli.handler.commands).toEqual([]);
  });

  it('that fails on its way is not gone back, and ends as the switchover did', async () => {
    cli.handler.outcome = { status: 'refused', reason: 'aux: nginx does not start', code: 'unsafe' };
    const { stdout, exitCode } = await cli.ask('drill');
    expect(stdout).toBe('broken off: main → aux: aux: nginx does not start; main leads web\n');
    expect(exitCode).toBe(107);
    expect(cli.handler.commands).toHaveLength(1);
  });

  describe('whose daemon ends', () => {
    const onAux = statusSnapshot({
      groups: [
        groupStatus({ leader: 'aux', address: { ...groupStatus().address, holder: 'aux', here: false } }),
      ],
    });
    /** There and back: what happens on each command. */
    const onCommands = (...acts: readonly (() => void)[]) => {
      cli.handler.onCommand = () => acts[cli.handler.commands.length - 1]?.();
    };
    const endDaemon = () => {
      cli.handler.outcome = new Promise(() => {});
      setImmediate(() => cli.stopDaemon());
    };

    it('on the way back tells the way there, and who led last', async () => {
      onCommands(() => cli.handler.become(onAux), endDaemon);
      const { stdout, exitCode } = await cli.ask('drill', '--output', 'json');
      expect(JSON.parse(stdout)).toMatchObject({
        group: 'web',
        moves: [{ from: 'main', to: 'aux', problems: [] }],
        leader: 'aux',
        stale: true,
        reason: expect.stringMatching(/^aux → main: the daemon ended the connection/),
        exitCode: 69,
      });
      expect(exitCode).toBe(69);
    });

    it('says in words that the group may have stayed there', async () => {
      onCommands(() => cli.handler.become(onAux), endDaemon);
      const { stdout, exitCode } = await cli.ask('drill');
      expect(stdout).toMatch(/^main → aux: \d+ ms\nbroken off: aux → main: the daemon ended the connection/);
      expect(stdout).toMatch(/; aux led web last, as far as is known here\n$/);
      expect(exitCode).toBe(69);
    });

    it('before it shows what became of a move keeps that move, as one that is not known to be right', async () => {
      onCommands(() => {
        vi.spyOn(cli.handler, 'status').mockImplementationOnce(() => {
          setImmediate(() => cli.stopDaemon());
          return cli.handler.snapshot;
        });
      });
      const { stdout, exitCode } = await cli.ask('drill', '--output', 'json');
      expect(JSON.parse(stdout)).toMatchObject({
        moves: [{ from: 'main', to: 'aux', problems: [expect.stringMatching(/^not looked at further: /)] }],
        leader: 'aux',
        stale: true,
        exitCode: 69,
      });
      expect(exitCode).toBe(69);
    });
  });

  it('needs another node than the one that leads', async () => {
    const { stderr, exitCode } = await cli.ask('drill', '--to', 'main');
    expect(stderr).toContain('main leads web already');
    expect(exitCode).toBe(64);
  });
});
