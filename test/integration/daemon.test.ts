import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { statusSnapshotSchema } from '../../src/control/status-snapshot.ts';
import { findMaster } from '../../src/resources/nginx-processes.ts';
import { type Name, Pair } from './support/pair.ts';

const WAIT = { timeout: 15_000, interval: 20 };

/** Real daemons, as processes, with real nginx on loopback, and the emulated AWS. */
describe('two daemons', () => {
  let pair: Pair;
  beforeEach(async () => {
    pair = new Pair();
    await pair.start();
  });
  afterEach(async () => {
    await Promise.all((['main', 'aux'] as const).map(endNginx));
    await pair.close();
  });

  const nginxOf = (name: Name) => {
    const { dir } = pair.node(name);
    const config = join(dir, 'nginx.conf');
    return findMaster({ executable: '/usr/sbin/nginx', config, pidFile: join(dir, 'nginx.pid') });
  };
  async function endNginx(name: Name) {
    const { daemon } = pair.node(name);
    daemon?.kill('SIGKILL');
    const master = await nginxOf(name);
    if (master !== null) process.kill(master.pid, 'SIGTERM');
    // It removes its pid file as it ends, and a folder that changes meanwhile is not removed whole.
    await expect.poll(() => nginxOf(name), WAIT).toBeNull();
  }
  const answerOf = async (name: Name) => {
    const url = `http://127.0.0.1:${pair.node(name).nginxPort}/`;
    return (await request(url, { reset: true })).body.text();
  };
  const said = (name: Name) => pair.node(name).lines.join('\n');
  const serves = async (name: Name) => {
    await expect.poll(() => said(name), WAIT).toMatch(/address \S+ is on /);
    await expect.poll(() => pair.holder(), WAIT).toBe(name);
    expect(await answerOf(name)).toBe(name);
  };

  async function startBoth() {
    pair.startDaemon('main');
    pair.startDaemon('aux');
    await expect.poll(() => pair.holder(), WAIT).not.toBe('');
    const leader = pair.holder() as Name;
    await serves(leader);
    return { leader, standby: leader === 'main' ? ('aux' as const) : ('main' as const) };
  }

  const exited = async (name: Name) => {
    const { daemon } = pair.node(name);
    await expect.poll(() => daemon?.exitCode ?? null, WAIT).not.toBeNull();
    return daemon?.exitCode;
  };

  it('agree on a leader, start nginx there and bring the address', async () => {
    const { leader } = await startBoth();
    expect(said(leader)).toMatch(
      /web: leader \w+, term \d+: address \d+\.\d+\.\d+\.\d+ is on \w+ \(first: detect \d+ ms, claim \d+ ms, move \d+ ms, start \d+ ms, total \d+ ms\)/,
    );
    const { output, code } = await pair.command(leader, 'status', '--output', 'json');
    expect(code).toBe(0);
    const [group] = statusSnapshotSchema.parse(JSON.parse(output)).groups;
    expect(group).toMatchObject({ leader, address: { publicIp: pair.publicIp, holder: leader, here: true } });
    expect(group?.resources.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'nginx started',
      `${pair.publicIp} started`,
    ]);
  });

  it('tell systemd who leads', async () => {
    const heard = join(pair.dir, 'heard');
    const program = `#!/bin/sh\necho "$*" >> ${heard}\n`;
    writeFileSync(join(pair.dir, 'systemd-notify'), program, { mode: 0o755 });
    pair.startDaemon('main', { NOTIFY_SOCKET: heard, PATH: `${pair.dir}:${process.env.PATH}` });
    await serves('main');
    const status = () =>
      readFileSync(heard, 'utf8')
        .match(/STATUS=.*/g)
        ?.at(-1);
    await expect.poll(status, WAIT).toMatch(/^STATUS=web: leader main, term \d+: address \S+ is on main/);
  });

  it('take over from a daemon that was killed, and leave its nginx alone', async () => {
    const { leader, standby } = await startBoth();
    await pair.end(leader, 'SIGKILL');
    await serves(standby);
    expect(said(standby)).toContain('takeover: detect');
    expect(await answerOf(leader)).toBe(leader);
  });

  it('hand over when one is told to end, which then stops its services', async () => {
    const { leader, standby } = await startBoth();
    expect(await pair.end(leader, 'SIGTERM')).toBe(0);
    expect(pair.holder()).toBe(standby);
    expect(await answerOf(standby)).toBe(standby);
    expect(await nginxOf(leader)).toBeNull();
  }, 60_000);

  it('leave service and address where they are when one is told twice', async () => {
    const { leader, standby } = await startBoth();
    await pair.end(standby, 'SIGKILL');
    pair.node(leader).daemon?.kill('SIGTERM');
    pair.node(leader).daemon?.kill('SIGINT');
    expect(await exited(leader)).toBe(0);
    expect(pair.holder()).toBe(leader);
    expect(await answerOf(leader)).toBe(leader);
  });

  it('restart an nginx whose master was killed, in place', async () => {
    const { leader } = await startBoth();
    const master = await nginxOf(leader);
    const moves = pair.moves();
    process.kill(master?.pid ?? 0, 'SIGKILL');
    await expect.poll(async () => (await nginxOf(leader))?.pid ?? master?.pid, WAIT).not.toBe(master?.pid);
    expect(said(leader)).toContain('its master is gone');
    expect(pair.moves()).toBe(moves);
  });

  it('give the address up to the other when one is frozen, and it knows that on waking', async () => {
    const { leader, standby } = await startBoth();
    pair.node(leader).daemon?.kill('SIGSTOP');
    await expect.poll(() => pair.holder(), WAIT).toBe(standby);
    const moves = pair.moves();
    pair.node(leader).daemon?.kill('SIGCONT');
    await expect.poll(() => said(leader), WAIT).toContain(`leads no longer`);
    expect(pair.holder()).toBe(standby);
    expect(pair.moves()).toBe(moves);
  });

  it('run, and fail over, when nothing can be written to disk', async () => {
    for (const name of ['main', 'aux'] as const) {
      rmSync(join(pair.node(name).dir, 'state'), { recursive: true });
      writeFileSync(join(pair.node(name).dir, 'state'), 'a file where the folder should be');
    }
    const { leader, standby } = await startBoth();
    expect(said(leader)).toContain('nothing stops');
    await pair.end(leader, 'SIGKILL');
    await serves(standby);
  });
});

describe('a leader that is killed and comes back within deadtime', () => {
  it('goes on with its nginx and its address, and nothing is moved', async () => {
    const pair = new Pair();
    const resources = [{ exec: { name: 'web', run: ['/bin/sleep', '600'] } }];
    const timings = { deadtime: '6s', warntime: '2s', lease: '6s', initdead: '7s' };
    await pair.start({ resources, timings });
    const pidFile = join(pair.node('main').dir, 'state', 'web.web.pid');
    const said = () => pair.node('main').lines.join('\n');
    try {
      pair.startDaemon('main');
      await expect.poll(said, WAIT).toContain('is on main');
      const before = { moves: pair.moves(), program: readFileSync(pidFile, 'utf8') };
      await pair.end('main', 'SIGKILL');
      pair.node('main').lines.length = 0;
      pair.startDaemon('main');
      await expect.poll(said, WAIT).toContain('restarted, and still had the address');
      await expect.poll(said, WAIT).toContain('is on main');
      expect({ moves: pair.moves(), program: readFileSync(pidFile, 'utf8') }).toEqual(before);
    } finally {
      process.kill(JSON.parse(readFileSync(pidFile, 'utf8')).pid, 'SIGKILL');
      await pair.close();
    }
  }, 40_000);
});

describe('one daemon', () => {
  let pair: Pair;
  beforeEach(async () => {
    pair = new Pair();
    // Nothing to start, so that nothing is left behind.
    await pair.start({ resources: [] });
  });
  afterEach(() => pair.close());

  const said = () => pair.node('main').lines.join('\n');
  const runs = () => expect.poll(said, WAIT).toContain('main runs');
  const rewrite = (change: (text: string) => string) => {
    const { configPath } = pair.node('main');
    writeFileSync(configPath, change(readFileSync(configPath, 'utf8')));
  };

  it('refuses to run beside another of its node, and names that', async () => {
    const first = pair.startDaemon('main');
    await runs();
    const second = await pair.command('main', 'run');
    expect(second.code).toBe(69);
    expect(second.output).toContain(`the process ${first.pid} already is the daemon of main here`);
  });

  it('refuses a wrong configuration with the line that is wrong', async () => {
    rewrite((text) => text.replace('profile: fast', 'profile: quick'));
    const { code, output } = await pair.command('main', 'run');
    expect(code).toBe(78);
    expect(output).toMatch(/eipkeeper\.yaml:\d+: profile/);
  });

  it('refuses an address that this instance does not have', async () => {
    rewrite((text) => text.replace(/(\s+)allocationId:/, '$1privateAddress: 10.9.9.9$1allocationId:'));
    const { code, output } = await pair.command('main', 'run');
    expect(code).toBe(78);
    expect(output).toContain('10.9.9.9 is on no network interface of i-');
  });

  it('takes over what can change while it runs, and names what cannot', async () => {
    const daemon = pair.startDaemon('main');
    await runs();
    rewrite((text) => text.replace('failback: manual', 'failback: auto'));
    daemon.kill('SIGHUP');
    await expect.poll(said, WAIT).toContain('was read again and is in use');
    rewrite((text) => text.replace(/^port: \d+/m, 'port: 9'));
    const { code, output } = await pair.command('main', 'reload');
    expect(code).not.toBe(0);
    expect(output).toContain('these take a restart: port');
  });
});
