import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ControlClient } from '../../../src/control/client.ts';
import type { GroupStatus, StatusSnapshot } from '../../../src/control/status-snapshot.ts';
import { candidate, groupStatus, statusSnapshot } from '../control/snapshot-fixture.ts';
import { CliHarness, type CliRun } from './cli-harness.ts';

let cli: CliHarness;
beforeEach(async () => {
  cli = new CliHarness();
  await cli.start();
});
afterEach(async () => {
  vi.useRealTimers();
  await cli.close();
});

/** How long the stream takes to write a change, and a little more. */
const WRITTEN_MS = 150;
/** For the command to have seen the first status, on a slow machine too. */
const SEEN_MS = 500;

const ADDRESS = groupStatus().address;
const ON_AUX = {
  leader: 'aux',
  role: 'standby',
  address: { ...ADDRESS, holder: 'aux', here: false },
} satisfies Partial<GroupStatus>;
const MOVING = { handover: { target: 'aux', phase: 'preparing', why: 'this node is in standby' } };
const NO_NGINX = {
  candidates: [candidate('main'), candidate('aux', { eligible: false, reason: 'nginx: port 80 is taken' })],
};
const NO_WITNESS = { witness: { state: 'down', since: null, reason: 'SSM does not answer' } } as const;

const drained = (group: Partial<GroupStatus>, rest: Partial<StatusSnapshot> = {}): StatusSnapshot =>
  statusSnapshot({
    nodes: statusSnapshot().nodes.map((node) => (node.self ? { ...node, state: 'standby' as const } : node)),
    groups: [groupStatus(group)],
    ...rest,
  });

/** What the daemon shows from its confirmation on, and what happens then. */
const afterwards = (first: StatusSnapshot, then: () => unknown = () => {}) => {
  cli.handler.onCommand = () => {
    cli.handler.become(first);
    setTimeout(then, SEEN_MS);
  };
};

/** By the clock of the command; the stream goes on by its own. */
const passSeconds = async (seconds: number, isOver = () => false) => {
  for (let second = 0; second < seconds && !isOver(); second += 1) {
    vi.advanceTimersByTime(1_000);
    cli.handler.become(cli.handler.snapshot);
    await sleep(WRITTEN_MS);
  }
};

const standing = async (): Promise<{ run: Promise<CliRun>; isOver: () => boolean }> => {
  vi.useFakeTimers({ toFake: ['performance'] });
  let over = false;
  const run = cli.ask('standby', '--output', 'json').finally(() => {
    over = true;
  });
  await vi.waitFor(() => expect(cli.handler.listeners.size).toBeGreaterThan(0));
  await sleep(WRITTEN_MS);
  return { run, isOver: () => over };
};

describe('standby', () => {
  it('waits until nothing is led here any more', async () => {
    afterwards(drained({}), () => cli.handler.become(drained(ON_AUX)));
    const { exitCode, stdout, stderr } = await cli.ask('standby');
    expect(stdout).toBe('main is in standby\n');
    expect(stderr).toContain('web: leader aux');
    expect(exitCode).toBe(0);
    expect(cli.handler.commands).toMatchObject([{ type: 'set-drained', drained: true }]);
  });

  it('of another node is refused with what to type where', async () => {
    const { exitCode, stderr } = await cli.ask('standby', 'aux');
    expect(exitCode).toBe(64);
    expect(stderr).toContain(
      'this is main, and standby only acts on the node where it is typed: type "eipkeeper standby" on aux',
    );
    expect(cli.handler.commands).toEqual([]);
  });

  it.each<[string, Partial<GroupStatus>, Partial<StatusSnapshot>, string]>([
    [
      'no other node is fit',
      NO_NGINX,
      {},
      'web stays here (aux could not lead: nginx: port 80 is taken); what stays leaves when another node can take it',
    ],
    [
      'the witness is down',
      {},
      NO_WITNESS,
      'web stays here (the witness is down: SSM does not answer); what stays leaves when another node can take it',
    ],
    [
      'it is in maintenance',
      { maintenance: true },
      {},
      'web stays here (web is in maintenance); what stays leaves when another node can take it',
    ],
    [
      'there is nobody else',
      { candidates: [candidate('main')] },
      {},
      'web stays here (there is no other node); what stays leaves when another node can take it',
    ],
    [
      'a handover is tried again later',
      {},
      {},
      'web is still here (nothing is known to be in the way); what stays leaves when another node can take it',
    ],
    ['its handover is under way', MOVING, {}, 'web is on its way to aux'],
    [
      'the address does not go',
      { ...ON_AUX, address: ADDRESS },
      {},
      'web is led by aux and its address is still here',
    ],
    [
      'this node claims it still',
      { ...ON_AUX, role: 'claiming' },
      {},
      'web is led by aux and still claiming here',
    ],
    [
      'it serves without a leader',
      { leader: null, role: 'acting' },
      NO_WITNESS,
      'web stays here (the witness is down: SSM does not answer; nobody leads that could hand over; --force takes it without a leader); what stays leaves when another node can take it',
    ],
  ])('says what is here and why when the time is over: %s', async (_, group, rest, where) => {
    afterwards(drained(group, rest));
    const { exitCode, stderr } = await cli.ask('standby', '--timeout', '1s');
    expect(stderr).toContain(`standby of main: it is set, but ${where}\n`);
    expect(exitCode).toBe(124);
  });

  it('gives up before its timeout when nothing could leave for long', async () => {
    afterwards(drained(NO_NGINX));
    const { run, isOver } = await standing();
    await passSeconds(9);
    expect(isOver()).toBe(false);
    await passSeconds(100, isOver);
    expect(JSON.parse((await run).stdout)).toMatchObject({
      status: 'timeout',
      reason: expect.stringContaining('web stays here (aux could not lead: nginx: port 80 is taken)'),
      exitCode: 124,
    });
  });

  it('waits on while another node is fit, however long no handover begins', async () => {
    afterwards(drained({}));
    const { run, isOver } = await standing();
    await passSeconds(15);
    expect(isOver()).toBe(false);
    cli.handler.become(drained(ON_AUX));
    expect(await run).toMatchObject({ exitCode: 0 });
  });

  it('does not count a pause in which it saw nothing', async () => {
    afterwards(drained(NO_NGINX));
    const { run, isOver } = await standing();
    vi.advanceTimersByTime(60_000);
    await passSeconds(2);
    expect(isOver()).toBe(false);
    cli.handler.become(drained(ON_AUX));
    expect(await run).toMatchObject({ exitCode: 0 });
  });

  it('waits until the address has left as well', async () => {
    let hasAddressLeft = false;
    afterwards(drained({ ...ON_AUX, address: ADDRESS }), () => {
      hasAddressLeft = true;
      cli.handler.become(drained(ON_AUX));
    });
    expect((await cli.ask('standby')).exitCode).toBe(0);
    expect(hasAddressLeft).toBe(true);
  });

  it('ends at once when somebody types "online" elsewhere', async () => {
    afterwards(drained({}), () => cli.handler.become(statusSnapshot()));
    const { exitCode, stderr } = await cli.ask('standby');
    expect(stderr).toContain(
      'standby of main: it was set, but somebody typed "eipkeeper online" meanwhile\n',
    );
    expect(exitCode).toBe(1);
  });

  it('told to end says that it stays set, and where its groups are', async () => {
    afterwards(drained(MOVING), () => cli.interrupt.abort());
    const { exitCode, stderr } = await cli.ask('standby');
    expect(stderr).toContain(
      'standby of main: it stays set, and is no longer waited for, but web is on its way to aux\n',
    );
    expect(exitCode).toBe(124);
  });

  it('says so when the daemon says nothing after its confirmation', async () => {
    const socket = `${cli.directory}/silent.sock`;
    const daemon = await silentAfterConfirmation(socket);
    const { exitCode, stderr } = await cli.run('standby', '--timeout', '300ms', '--socket', socket);
    expect(stderr).toBe(
      'standby of main: it is set, but the daemon has not said what became of its groups\n',
    );
    expect(exitCode).toBe(124);
    daemon.close();
  });

  it('says that it is set when the daemon ends meanwhile', async () => {
    afterwards(drained(MOVING), () => cli.stopDaemon());
    const { exitCode, stderr } = await cli.ask('standby');
    expect(stderr).toContain(
      'standby of main: it is set; what became of its groups is not known: the daemon ended the connection',
    );
    expect(exitCode).toBe(69);
  });

  it('asks again and again when too many watch already', async () => {
    await using _watchers = await manyWatchers();
    afterwards(drained({}), () => cli.handler.become(drained(ON_AUX)));
    const { exitCode, stdout } = await cli.ask('standby');
    expect(stdout).toBe('main is in standby\n');
    expect(exitCode).toBe(0);
  });

  /** As many as the server takes. */
  async function manyWatchers(): Promise<AsyncDisposable> {
    const leave = new AbortController();
    const watching = Array.from({ length: 16 }, () =>
      new ControlClient({ path: cli.socket }).watch(() => {}, leave.signal),
    );
    await vi.waitFor(() => expect(cli.handler.listeners.size).toBe(16));
    return {
      async [Symbol.asyncDispose]() {
        leave.abort();
        await Promise.all(watching);
      },
    };
  }

  function silentAfterConfirmation(path: string): Promise<Server> {
    const done = { type: 'result', status: 'done', reason: '', exitCode: 0 };
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (line) => {
        const request = JSON.parse(String(line));
        if (request.type === 'set-drained') socket.end(`${JSON.stringify(done)}\n`);
        else if (request.watch !== true)
          socket.end(`${JSON.stringify({ type: 'status', snapshot: statusSnapshot() })}\n`);
      });
    });
    return new Promise((resolve) => server.listen(path, () => resolve(server)));
  }
});

describe('online', () => {
  it('of this node by its name is the same as without', async () => {
    expect((await cli.ask('online', 'main')).stdout).toBe('main is online\n');
    expect(cli.handler.commands).toMatchObject([{ type: 'set-drained', drained: false }]);
  });
});
