import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { findMaster } from '../../src/resources/nginx-processes.ts';
import { type Name, Pair, type PairSettings } from './support/pair.ts';

const WAIT = { timeout: 20_000, interval: 20 };
/** So rarely that only the look at the processes can be what noticed. */
const RARELY = { monitor: { interval: '10m', timeout: '5s' } };

/** Real daemons and real nginx. */
describe('a service that is watched', () => {
  let pair: Pair;
  afterEach(async () => {
    await Promise.all((['main', 'aux'] as const).map(endNginx));
    await pair.close();
  });

  const nginxOf = (name: Name) => {
    const { dir } = pair.node(name);
    const config = join(dir, 'nginx.conf');
    return findMaster({ executable: '/usr/sbin/nginx', config, pidFile: join(dir, 'nginx.pid') });
  };
  const workersOf = (master: number): number[] =>
    execFileSync('ps', ['-o', 'pid=', '--ppid', String(master)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/)
      .map(Number);

  async function endNginx(name: Name) {
    pair.node(name).daemon?.kill('SIGKILL');
    const master = await nginxOf(name);
    if (master !== null) process.kill(master.pid, 'SIGTERM');
    await expect.poll(() => nginxOf(name), WAIT).toBeNull();
  }

  async function serving(settings: PairSettings): Promise<void> {
    pair = new Pair();
    await pair.start(settings);
    pair.startDaemon('main');
    await expect.poll(() => said('main'), WAIT).toContain('main runs');
    pair.startDaemon('aux');
    await expect.poll(() => said('main'), WAIT).toMatch(/address \S+ is on main/);
    await expect.poll(() => said('aux'), WAIT).toContain('leader main');
  }

  const said = (name: Name) => pair.node(name).lines.join('\n');
  const answers = async () => {
    const url = `http://127.0.0.1:${pair.node('main').nginxPort}/`;
    const answer = await request(url, { reset: true, headersTimeout: 2_000 }).catch(() => null);
    return answer === null ? null : answer.body.text();
  };
  const status = async () =>
    JSON.parse((await pair.command('main', 'status', '--output', 'json')).output).groups[0];

  /** Asks all the time; how long no answer came, at most, until it comes again after `change`. */
  async function longestGap(change: () => void, back: () => Promise<boolean>): Promise<number> {
    let lastMs = performance.now();
    let longestMs = 0;
    let over = false;
    const asking = (async () => {
      while (!over) {
        if ((await answers()) === 'main') {
          longestMs = Math.max(longestMs, performance.now() - lastMs);
          lastMs = performance.now();
        }
        await sleep(2);
      }
    })();
    change();
    await expect.poll(back, WAIT).toBe(true);
    await expect.poll(answers, WAIT).toBe('main');
    over = true;
    await asking;
    return longestMs;
  }

  it.each(['its master', 'one worker', 'all of them'])(
    'serves again at once when %s is killed, and nothing moves',
    async (whom) => {
      await serving({ care: () => RARELY });
      const before = (await nginxOf('main'))!.pid;
      const workers = workersOf(before);
      const moves = pair.moves();
      const victims = {
        'its master': [before],
        'one worker': [workers[0]!],
        'all of them': [before, ...workers],
      }[whom]!;
      const gapMs = await longestGap(
        () => {
          for (const pid of victims) process.kill(pid, 'SIGKILL');
        },
        async () => {
          const now = await nginxOf('main');
          return (
            now !== null && (whom === 'one worker' ? workersOf(now.pid).length === 2 : now.pid !== before)
          );
        },
      );
      console.log(`${whom}: no answer for ${Math.round(gapMs)} ms at most`);
      expect(pair.moves()).toBe(moves);
      expect(pair.holder()).toBe('main');
      if (whom !== 'one worker')
        await expect.poll(() => said('main'), WAIT).toMatch(/services run on main \(leading\)/);
    },
    60_000,
  );

  it('is restarted here so often, then the group moves until the failures are forgotten', async () => {
    const flag = join(mkdtempSync(join(tmpdir(), 'sick-')), 'main');
    const wellUnlessFlagged = (name: Name) => ({
      monitor: { interval: '200ms', command: ['/usr/bin/test', '!', '-e', join(dirname(flag), name)] },
      restart: { attempts: 1, within: '1h', forgetAfter: '1h' },
    });
    try {
      await serving({ care: wellUnlessFlagged });
      writeFileSync(flag, '');
      await expect.poll(() => pair.holder(), { ...WAIT, timeout: 60_000 }).toBe('aux');
      const group = await status();
      expect(group.failures[0]).toMatchObject({ resource: 'nginx', ineligible: true });
      rmSync(flag);
      const cleaned = await pair.command('aux', 'cleanup', 'web', '--node', 'main');
      expect(cleaned).toMatchObject({ code: 0 });
      await expect.poll(async () => (await status()).failures, WAIT).toEqual([]);
    } finally {
      rmSync(dirname(flag), { recursive: true });
    }
  }, 120_000);

  it('is left alone in maintenance, also over a restart of the daemon, and put right after it', async () => {
    await serving({ care: () => ({ monitor: { interval: '200ms' } }) });
    expect(await pair.command('aux', 'maintenance', 'on')).toMatchObject({ code: 0 });
    await expect.poll(() => said('main'), WAIT).toContain('in maintenance');
    const master = (await nginxOf('main'))!.pid;
    process.kill(master, 'SIGTERM');
    await expect.poll(() => said('main'), WAIT).toContain('services on main: nginx');
    await pair.end('main', 'SIGKILL');
    pair.startDaemon('main');
    await expect.poll(() => said('main'), WAIT).toMatch(/main runs.*main runs.*still had the address/s);
    const moves = pair.moves();
    await expect
      .poll(status, WAIT)
      .toMatchObject({ maintenance: true, resources: [{ state: 'stopped' }, {}] });
    expect((await pair.command('main', 'status')).output).toContain('IN MAINTENANCE');
    expect(await nginxOf('main')).toBeNull();
    expect(await pair.command('main', 'maintenance', 'off', 'web')).toMatchObject({ code: 0 });
    await expect.poll(answers, WAIT).toBe('main');
    expect(pair.moves()).toBe(moves);
  }, 90_000);

  it('is not taken for failed when its monitor hangs', async () => {
    await serving({
      care: () => ({ monitor: { interval: '500ms', timeout: '300ms', command: ['/bin/sleep', '60'] } }),
    });
    await expect.poll(() => said('main'), WAIT).toContain('how nginx is, is not known');
    const master = (await nginxOf('main'))!.pid;
    await expect.poll(async () => (await status()).resources[0].reason, WAIT).toContain('/bin/sleep');
    expect((await nginxOf('main'))?.pid).toBe(master);
    expect(pair.holder()).toBe('main');
    process.kill(master, 'SIGKILL');
    await expect.poll(async () => (await nginxOf('main'))?.pid ?? master, WAIT).not.toBe(master);
  }, 60_000);
});
