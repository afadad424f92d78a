import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, link, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ControlClient } from '../../../src/control/client.ts';
import {
  answerChallenge,
  newChallenge,
  proofDirectoryOf,
  verifyChallenge,
} from '../../../src/control/peer-identity.ts';
import { ControlServer } from '../../../src/control/server.ts';
import type { CommandOutcome } from '../../../src/core/effects.ts';
import { FakeHandler } from './fake-handler.ts';
import { groupStatus, statusSnapshot } from './snapshot-fixture.ts';

const MOVE = { type: 'move', group: 'web', target: 'aux', kind: 'switchover', timeoutMs: 5_000 } as const;

let directory = '';
let path = '';
let handler = new FakeHandler();
let server: ControlServer | null = null;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eipkeeper-control-'));
  path = join(directory, 'eipkeeper.sock');
  handler = new FakeHandler();
});

afterEach(async () => {
  vi.useRealTimers();
  await server?.close();
  server = null;
  await rm(directory, { recursive: true, force: true });
});

async function startServer(patienceMs = 2_000): Promise<void> {
  server = new ControlServer({ path, group: null, node: 'main', handler, patienceMs });
  await server.start();
}

const client = () => new ControlClient({ path, patienceMs: 2_000 });

/** Everything that the server writes to a client of the test's own making, until it ends the connection. */
function rawExchange(...writes: readonly (string | Buffer)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error);
    });
    for (const write of writes) socket.write(write);
  });
}

/** The status of a command, or the exit code of the refusal, of a process that runs as somebody else. */
function commandAs(uid: number, gid: number): Promise<string> {
  const script = `
    import { ControlClient } from ${JSON.stringify(new URL('../../../src/control/client.ts', import.meta.url).href)};
    new ControlClient({ path: ${JSON.stringify(path)} }).command({ type: 'set-drained', drained: true })
      .then((result) => console.log(result.status), (error) => console.log(error.exitCode));`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      uid,
      gid,
      cwd: '/',
      env: {},
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', () => resolve(text.trim()));
  });
}

describe('the socket', () => {
  it('can be used by its owner and its group alone', async () => {
    await startServer();
    expect((await stat(path)).mode & 0o777).toBe(0o660);
    expect((await stat(proofDirectoryOf(path))).mode & 0o7777).toBe(0o1730);
  });

  it('goes away with the daemon, and so does the directory of the proofs', async () => {
    await startServer();
    await server?.close();
    expect(existsSync(path)).toBe(false);
    expect(existsSync(proofDirectoryOf(path))).toBe(false);
  });

  it('replaces a socket file that a crash has left', async () => {
    const left = spawn(process.execPath, [
      '-e',
      `require("net").createServer().listen(${JSON.stringify(path)})`,
    ]);
    await vi.waitFor(() => expect(existsSync(path)).toBe(true), { timeout: 5_000 });
    left.kill('SIGKILL');
    await new Promise((resolve) => left.once('exit', resolve));
    expect(existsSync(path)).toBe(true);
    await startServer();
    expect((await client().status()).node).toBe('main');
  });

  it('is never taken from a daemon that listens', async () => {
    await startServer();
    const second = new ControlServer({ path, group: null, node: 'main', handler });
    await expect(second.start()).rejects.toThrow(/another eipkeeper listens on .*systemctl stop/);
    expect((await client().status()).node).toBe('main');
  });

  it('never replaces a file that is no socket', async () => {
    await writeFile(path, 'precious');
    await expect(startServer()).rejects.toThrow(/exists and is no socket/);
  });

  it('names the command that makes the missing group', async () => {
    const wrong = new ControlServer({ path, group: 'no-such-group', node: 'main', handler });
    await expect(wrong.start()).rejects.toThrow(/groupadd --system no-such-group/);
    expect(existsSync(path)).toBe(false);
  });
});

describe('requests', () => {
  it('answers the status', async () => {
    await startServer();
    expect(await client().status()).toEqual(statusSnapshot());
  });

  it('hands a move to the daemon with an id and with who asked for it', async () => {
    await startServer();
    expect(await client().command(MOVE)).toEqual({ type: 'result', status: 'done', reason: '', exitCode: 0 });
    expect(handler.commands).toEqual([
      { ...MOVE, id: expect.stringMatching(/^[0-9a-f]{16}$/), by: `uid ${process.getuid?.()} on main` },
    ]);
  });

  it.each([
    ['refused', 'up', 107],
    ['refused', 'down', 106],
    ['timeout', 'up', 124],
  ] as const)(
    'answers a command that ended in %s, the witness %s, with exit code %i',
    async (status, witness, exitCode) => {
      handler.snapshot = statusSnapshot({ witness: { state: witness, since: null, reason: '' } });
      handler.outcome = { status, reason: 'aux is not able to lead' };
      await startServer();
      const result = await client().command(MOVE);
      expect(result).toEqual({ type: 'result', status, reason: 'aux is not able to lead', exitCode });
    },
  );

  it('asks who came second to try again, also without the witness', async () => {
    handler.snapshot = statusSnapshot({ witness: { state: 'down', since: null, reason: '' } });
    handler.outcome = { status: 'refused', reason: 'a handover to aux has begun', code: 'busy' };
    await startServer();
    expect(await client().command(MOVE)).toMatchObject({ status: 'refused', exitCode: 75 });
  });

  it('answers a command that throws, and goes on serving', async () => {
    handler.outcome = new Error('the loop has stopped');
    await startServer();
    const result = await client().command(MOVE);
    expect(result).toMatchObject({
      status: 'failed',
      exitCode: 1,
      reason: expect.stringContaining('the loop has stopped'),
    });
    expect((await client().status()).node).toBe('main');
  });

  it('reports why a reload was refused', async () => {
    handler.reloadOutcome = { status: 'refused', reason: 'eipkeeper.yaml:3: nodes: …' };
    await startServer();
    expect(await client().command({ type: 'reload' })).toMatchObject({
      status: 'refused',
      reason: 'eipkeeper.yaml:3: nodes: …',
    });
  });

  it('streams the status to a watcher after each change, until the watcher goes', async () => {
    await startServer();
    const seen: (string | null)[] = [];
    const stop = new AbortController();
    const watching = client().watch((snapshot) => seen.push(snapshot.groups[0]?.leader ?? null), stop.signal);
    await vi.waitFor(() => expect(seen).toEqual(['main']));
    handler.become(statusSnapshot({ groups: [groupStatus({ leader: 'aux' })] }));
    await vi.waitFor(() => expect(seen).toEqual(['main', 'aux']));
    stop.abort();
    await watching;
    await vi.waitFor(() => expect(handler.listeners.size).toBe(0));
  });
});

describe('clients that mean no good', () => {
  it.each([
    ['no JSON', 'hello\n', 'is no JSON'],
    ['another version', '{"version":2,"type":"status"}\n', 'speaks version 2'],
    ['an unknown request', '{"version":1,"type":"explode"}\n', 'Invalid'],
    ['an unknown field', '{"version":1,"type":"reload","now":true}\n', 'Unrecognized'],
    [
      'a number of milliseconds that never ends',
      `{"version":1,"type":"move","group":"web","target":"aux","kind":"force","timeoutMs":1e300}\n`,
      'timeoutMs',
    ],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x0a]), 'not-text'],
  ])('are told what was wrong with %s', async (_, request, reason) => {
    await startServer();
    const answer = JSON.parse(await rawExchange(request)) as {
      status: string;
      reason: string;
      exitCode: number;
    };
    expect(answer).toMatchObject({ status: 'failed', exitCode: 64, reason: expect.stringContaining(reason) });
    expect(handler.commands).toEqual([]);
  });

  it('are left when their line passes 64 KB', async () => {
    await startServer();
    expect(await rawExchange(Buffer.alloc(70 * 1024, 'x'))).toContain('too-long');
  });

  it('are left when they write nothing', async () => {
    await startServer(50);
    expect(await rawExchange()).toContain('timeout');
  });

  it('are left when they watch and do not read', async () => {
    await startServer(100);
    const reason = 'x'.repeat(400_000);
    handler.snapshot = statusSnapshot({ witness: { state: 'down', since: null, reason } });
    const socket = connect(path);
    socket.on('error', () => {});
    socket.pause();
    socket.write('{"version":1,"type":"status","watch":true}\n');
    await vi.waitFor(() => expect(handler.listeners.size).toBe(1));
    await vi.waitFor(() => expect(handler.listeners.size).toBe(0), { timeout: 3_000 });
    socket.destroy();
  });

  it('are turned away when there are too many, and let in again when the others have gone', async () => {
    await startServer();
    const sockets = Array.from({ length: 64 }, () => connect(path).on('error', () => {}));
    await vi.waitFor(async () => expect(await rawExchange()).toContain('too many connections'));
    for (const socket of sockets) socket.destroy();
    await vi.waitFor(async () => expect((await client().status()).node).toBe('main'));
  });

  it('cannot keep others out by watching', async () => {
    await startServer();
    const sockets: Socket[] = [];
    for (let count = 0; count < 16; count++) {
      const socket = connect(path);
      socket.on('error', () => {});
      socket.resume();
      socket.write('{"version":1,"type":"status","watch":true}\n');
      sockets.push(socket);
    }
    await vi.waitFor(() => expect(handler.listeners.size).toBe(16));
    expect(await rawExchange('{"version":1,"type":"status","watch":true}\n')).toContain(
      'too many are watching',
    );
    expect((await client().command(MOVE)).status).toBe('done');
    for (const socket of sockets) socket.destroy();
  });
});

describe('who asked', () => {
  it('is not known of a client that proves nothing', async () => {
    await startServer();
    await rawExchange('{"version":1,"type":"set-drained","drained":true}\n{"type":"proof","written":true}\n');
    expect(handler.commands).toMatchObject([{ type: 'set-drained', by: 'somebody on main' }]);
  });

  it('is the owner of the file that holds the answer', async () => {
    await startServer();
    const challenge = newChallenge(proofDirectoryOf(path));
    expect(await answerChallenge(challenge, path)).toBe(true);
    expect(await verifyChallenge(challenge)).toBe(process.getuid?.());
    expect(existsSync(challenge.path)).toBe(false);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'is another user of the socket group, and nobody outside of it',
    async () => {
      await chmod(directory, 0o711);
      server = new ControlServer({ path, group: '65534', node: 'main', handler });
      await server.start();
      expect(await commandAs(1234, 65_534)).toBe('done');
      expect(handler.commands).toMatchObject([{ by: 'uid 1234 on main' }]);
      expect(await commandAs(1234, 1234)).toBe('77');
      expect(handler.commands.length).toBe(1);
    },
  );

  it.each([
    ['another content', async (file: string) => writeFile(file, 'f'.repeat(64))],
    [
      'a file that others may write',
      async (file: string, content: string) => {
        await writeFile(file, content);
        await chmod(file, 0o666);
      },
    ],
    [
      'a link to somebody else’s file',
      async (file: string, content: string) => {
        const other = join(directory, 'other');
        await writeFile(other, content);
        await symlink(other, file);
      },
    ],
    [
      'a second name of somebody else’s file',
      async (file: string, content: string) => {
        const other = join(directory, 'other');
        await writeFile(other, content);
        await link(other, file);
      },
    ],
    ['no file', async () => {}],
  ])('is not proven by %s', async (_, write) => {
    await startServer();
    const challenge = newChallenge(proofDirectoryOf(path));
    await write(challenge.path, challenge.content);
    expect(await verifyChallenge(challenge)).toBeNull();
  });

  it('is not shown to a daemon that wants a file elsewhere', async () => {
    const victim = join(directory, 'authorized_keys');
    expect(await answerChallenge({ path: victim, content: 'a'.repeat(64) }, path)).toBe(false);
    expect(existsSync(victim)).toBe(false);
  });
});

describe('the client', () => {
  it('says that the daemon does not run, with exit code 69', async () => {
    await expect(client().status()).rejects.toMatchObject({
      exitCode: 69,
      message: expect.stringMatching(/does not run here.*systemctl start eipkeeper/),
    });
  });

  it('gives up on a daemon that does not answer', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((resolve) => silent.listen(path, resolve));
    const impatient = new ControlClient({ path, patienceMs: 30 });
    await expect(impatient.status()).rejects.toMatchObject({
      exitCode: 69,
      message: expect.stringContaining('30 ms'),
    });
    await new Promise((resolve) => silent.close(resolve));
  });

  it.each([MOVE, { type: 'forget', node: 'third' } as const])(
    'waits for $type as long as it was told to',
    async (request) => {
      let finish: (outcome: CommandOutcome) => void = () => {};
      handler.outcome = new Promise((resolve) => {
        finish = resolve;
      });
      await startServer();
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const asking = client().command({ ...request, timeoutMs: 300_000 });
      const result = expect(asking).resolves.toMatchObject({ status: 'done' });
      while (handler.commands.length === 0) await new Promise((resolve) => setImmediate(resolve));
      vi.advanceTimersByTime(299_000);
      finish({ status: 'done', reason: '' });
      await result;
    },
  );

  it('says when the daemon goes away in the middle', async () => {
    handler.outcome = new Promise(() => {});
    await startServer();
    const asking = client().command(MOVE);
    const refused = expect(asking).rejects.toMatchObject({
      exitCode: 69,
      message: expect.stringContaining('ended'),
    });
    await vi.waitFor(() => expect(handler.commands.length).toBe(1));
    await server?.close();
    await refused;
  });
});
