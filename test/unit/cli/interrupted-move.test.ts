import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { groupStatus, statusSnapshot } from '../control/snapshot-fixture.ts';
import { CliHarness } from './cli-harness.ts';

const ON_MAIN = statusSnapshot();
const ON_AUX = statusSnapshot({
  groups: [groupStatus({ leader: 'aux', address: { ...groupStatus().address, holder: 'aux', here: false } })],
});
const BACK = '"eipkeeper switchover --group web --to main" brings it back';

let cli: CliHarness;
beforeEach(async () => {
  cli = new CliHarness();
  await cli.start();
});
afterEach(() => cli.close());

/** What happens on each command. */
const onCommands = (...acts: readonly (() => void)[]) => {
  cli.handler.onCommand = () => acts[cli.handler.commands.length - 1]?.();
};

describe('drill, told to end', () => {
  const onTheWayThere = () => {
    cli.handler.become(ON_AUX);
    cli.interrupt.abort();
  };

  it('on the way there does not go back, and says where the group is and how it comes back', async () => {
    onCommands(onTheWayThere);
    const { exitCode, stdout, stderr } = await cli.ask('drill');
    expect(stdout).toMatch(/^main → aux: \d+ ms\n/);
    expect(stdout).toContain(`\nbroken off: given up; ${BACK}; aux leads web\n`);
    expect(stderr).toContain('given up: what is under way is waited for, and nothing further is begun\n');
    expect(exitCode).toBe(1);
    expect(cli.handler.commands).toHaveLength(1);
  });

  it('says so as JSON', async () => {
    onCommands(onTheWayThere);
    const { exitCode, stdout, stderr } = await cli.ask('drill', '--output', 'json');
    expect(JSON.parse(stdout)).toEqual({
      group: 'web',
      moves: [{ from: 'main', to: 'aux', tookMs: expect.any(Number), phases: null, problems: [] }],
      reason: `given up; ${BACK}`,
      exitCode: 1,
      leader: 'aux',
      stale: false,
    });
    expect(stderr).toBe('');
    expect(exitCode).toBe(1);
  });

  it('does not wait until all is right', async () => {
    onCommands(() => setTimeout(() => cli.interrupt.abort(), 50));
    const { exitCode, stdout } = await cli.ask('drill');
    expect(stdout).toMatch(
      /^main → aux: \d+ ms\n {2}WRONG: not looked at further: given up\nbroken off: given up; /,
    );
    expect(exitCode).toBe(1);
    expect(cli.handler.commands).toHaveLength(1);
  });

  it('on the way back comes to its end', async () => {
    onCommands(
      () => cli.handler.become(ON_AUX),
      () => {
        cli.handler.become(ON_MAIN);
        cli.interrupt.abort();
      },
    );
    const { exitCode, stdout } = await cli.ask('drill');
    expect(stdout).toMatch(/all was right; main leads web\n$/);
    expect(exitCode).toBe(0);
  });

  it('on the way back, before it was looked at, finds nothing wrong', async () => {
    onCommands(
      () => cli.handler.become(ON_AUX),
      () => setTimeout(() => cli.interrupt.abort(), 50),
    );
    const { exitCode, stdout } = await cli.ask('drill');
    expect(stdout).toMatch(/aux → main: \d+ ms\n.*given up\nbroken off: given up; \w+ leads web\n$/);
    expect(exitCode).toBe(1);
  });

  it('before anything moves begins nothing', async () => {
    cli.interrupt.abort();
    const { exitCode, stdout } = await cli.ask('drill');
    expect(stdout).toBe('broken off: given up; main leads web\n');
    expect(exitCode).toBe(1);
    expect(cli.handler.commands).toEqual([]);
  });
});

describe('a move that is not waited for any more', () => {
  const GOES_ON =
    /^given up; a move that has begun goes on, and one that has not may still begin until \d{4}-\S+Z \(--timeout\): see "eipkeeper status"$/;
  beforeEach(() => {
    cli.handler.outcome = new Promise(() => {});
    onCommands(() => cli.interrupt.abort());
  });

  it.each([['switchover'], ['failover', '--force']])('%s says that it goes on', async (...argv) => {
    const { exitCode, stdout, stderr } = await cli.ask(...argv);
    expect(/eipkeeper: (given up.*)\n/.exec(stderr)?.[1]).toMatch(GOES_ON);
    expect(stdout).toBe('');
    expect(exitCode).toBe(1);
  });

  it('says so as JSON', async () => {
    const { exitCode, stdout } = await cli.ask('switchover', '--output', 'json');
    expect(JSON.parse(stdout)).toEqual({
      status: 'failed',
      reason: expect.stringMatching(GOES_ON),
      exitCode: 1,
    });
    expect(exitCode).toBe(1);
  });
});
