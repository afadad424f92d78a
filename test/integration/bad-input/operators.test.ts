import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  LoopbackCluster,
  type LoopbackNode,
  runCommand,
  UNHURRIED,
  until,
} from '../../support/loopback-cluster.ts';

vi.setConfig(UNHURRIED);

const NOBODY = { uid: 65_534, gid: 65_534 };

/** One pair for all of it: whatever is refused must leave it as it was for the next. */
describe('an operator', () => {
  let cluster: LoopbackCluster;
  let main: LoopbackNode;
  let aux: LoopbackNode;
  beforeAll(async () => {
    cluster = new LoopbackCluster();
    ({ main, aux } = cluster);
    await cluster.start();
    await cluster.startServing();
  });
  afterAll(() => cluster.close());

  /** Runs what must be refused and proves that nothing came of it. */
  const refused = async (node: LoopbackNode, ...words: string[]) => {
    const before = await cluster.service();
    const result = await node.command(...words);
    expect(await cluster.service()).toEqual(before);
    return result;
  };

  it('who names an unknown node is told which there are', async () => {
    const { code, output } = await refused(main, 'switchover', '--to', 'axu');
    expect(output).toContain('axu is not one of the nodes of the group web; did you mean aux?');
    expect(code).toBe(64);
  });

  it('who names an unknown group is told which there are', async () => {
    const { code, output } = await refused(main, 'switchover', '--to', 'aux', '--group', 'wbe');
    expect(output).toContain('has no group wbe; did you mean web?');
    expect(code).toBe(64);
  });

  it('who switches over to the leader is told that it is there, and nothing moves', async () => {
    const { code, output } = await refused(aux, 'switchover', '--to', 'main');
    expect(output).toContain('main leads web already');
    expect(code).toBe(0);
  });

  it('who switches over to a node in standby is refused with the reason', async () => {
    await aux.command('standby');
    await until('main to know', async () =>
      (await main.status()).nodes.some(({ state }) => state === 'standby'),
    );
    const { code, output } = await refused(main, 'switchover', '--to', 'aux');
    expect(output).toContain(
      'web was not moved to aux: aux could not lead web now: it is silent, in standby, about to go or',
    );
    expect(code).toBe(107);
  });

  it('who puts the last eligible node into standby is told that nothing could leave, and it serves on', async () => {
    const { code, output } = await refused(main, 'standby');
    expect(output).toContain(
      'it is set, but web stays here (aux could not lead: it is in standby (eipkeeper online ends that)); what stays leaves when',
    );
    expect(code).toBe(124);
    for (let times = 0; times < 2; times += 1) {
      expect(await refused(main, 'online')).toMatchObject({ code: 0, output: 'main is online\n' });
    }
    expect((await aux.command('online')).code).toBe(0);
    await until('aux to be online', async () => (await main.page()).includes('Online: [ main aux ]'));
  });

  it('who acts on another node from here is told where to type it', async () => {
    const { code, output } = await refused(main, 'standby', 'aux');
    expect(output).toContain('type "eipkeeper standby" on aux');
    expect(code).toBe(64);
  });

  it('who comes second while a move runs is told so, with the code for "try again", and one move is made', async () => {
    const before = cluster.moves();
    const both = await Promise.all([
      main.command('switchover', '--to', 'aux'),
      aux.command('switchover', '--to', 'aux'),
    ]);
    await cluster.serves('aux');
    expect(cluster.moves()).toBe(before + 1);
    for (const { code, output } of both) {
      expect([0, 75], output).toContain(code);
      if (code === 75) expect(output).toMatch(/under way/);
    }
    expect(both.map(({ code }) => code)).toContain(0);
    expect((await main.command('switchover', '--to', 'main')).code).toBe(0);
    await cluster.serves('main');
  });

  it('who asks while the witness is down is refused with 106, and forced by nobody', async () => {
    const heal = cluster.aws.faults.inject({ service: 'ssm', fault: { kind: 'drop', applied: false } });
    await until('the witness to be down', async () => (await main.status()).witness.state === 'down');
    const { code, output } = await refused(main, 'switchover', '--to', 'aux');
    heal();
    expect(output).toContain('the witness (SSM) does not answer');
    expect(code).toBe(106);
    await until('the witness to be up', async () => (await main.status()).witness.state === 'up');
  });

  it('who may not use the socket is told to use sudo or the group', async () => {
    if (process.getuid?.() !== 0) chmodSync(main.socketPath, 0);
    else chmodSync(cluster.dir, 0o755);
    const who = process.getuid?.() === 0 ? NOBODY : {};
    const { code, output } = await runCommand(['status', '--socket', main.socketPath], process.env, who);
    if (process.getuid?.() !== 0) chmodSync(main.socketPath, 0o660);
    expect(output).toContain(
      `this user may not use ${main.socketPath}: use sudo, or become a member of the group`,
    );
    expect(code).toBe(77);
  });

  it('whose configuration does not exist does not reach whatever daemon is in the usual place', async () => {
    const { code, output } = await runCommand(['switchover', '--config', '/no/such.yaml'], process.env);
    expect(output).toContain('/no/such.yaml: there is no such file');
    expect(code).toBe(78);
  });

  it('whose command is of another version is told to use the one that runs', async () => {
    const socket = connect(main.socketPath);
    socket.setEncoding('utf8').write('{"version":0,"type":"move","group":"web","target":"aux"}\n');
    let answer = '';
    socket.on('data', (text: string) => {
      answer += text;
    });
    await once(socket, 'close');
    expect(JSON.parse(answer)).toMatchObject({ type: 'result', status: 'failed', exitCode: 64 });
    expect(answer).toContain('use the eipkeeper command of the version that runs');
    expect(main.runs).toBe(true);
  });

  it('whose daemon is of another version is told so', async () => {
    const path = join(cluster.dir, 'other.sock');
    const daemon = createServer((socket) => socket.end('{"type":"salutation"}\n')).listen(path);
    await once(daemon, 'listening');
    const { code, output } = await runCommand(['status', '--socket', path], process.env);
    daemon.close();
    expect(output).toContain('is it of another version than this command?');
    expect(code).toBe(1);
  });

  it('who asks for the status of a node that starts is answered', async () => {
    await aux.ended('SIGKILL');
    aux.start();
    await until('a first answer', async () => (await aux.command('status')).code === 0);
    await until('aux to be online', async () => (await main.page()).includes('Online: [ main aux ]'));
  });

  it('who forces onto a dead node is told who did not answer, also when it comes back later', async () => {
    await aux.ended('SIGKILL');
    const { code, output } = await refused(main, 'failover', '--to', 'aux', '--force', '--timeout', '3s');
    expect(output).toContain('web was not moved to aux: aux did not answer; nothing was changed');
    expect(code).toBe(124);
    const before = await cluster.service();
    aux.log = '';
    aux.start();
    await aux.says('leader main');
    await until('aux to be online', async () => (await main.page()).includes('Online: [ main aux ]'));
    expect(await cluster.service()).toEqual(before);
  });

  it('where no daemon runs is told how to start it', async () => {
    await aux.ended('SIGKILL');
    for (const words of [['status'], ['switchover', '--to', 'aux'], ['standby'], ['reload']]) {
      const { code, output } = await aux.command(...words);
      expect(output).toContain(
        `nobody listens on ${aux.socketPath}. "systemctl status eipkeeper" says which`,
      );
      expect(code).toBe(69);
    }
    // What lies there may be anything.
    mkdirSync(dirname(join(aux.dir, 'junk', 'x')), { recursive: true });
    writeFileSync(join(aux.dir, 'junk', 'x'), '');
    const { code } = await runCommand(['status', '--socket', join(aux.dir, 'junk', 'x')], process.env);
    expect(code).toBe(69);
  });
});
