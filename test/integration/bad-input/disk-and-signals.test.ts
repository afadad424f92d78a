import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, vi } from 'vitest';
import {
  clusterTest as it,
  type LoopbackCluster,
  type LoopbackNode,
  UNHURRIED,
  until,
} from '../../support/loopback-cluster.ts';

vi.setConfig(UNHURRIED);

const statePath = (node: LoopbackNode) => join(node.dir, 'state', 'state.json');

describe.concurrent('a disk that does not do its part', () => {
  /** The node serves, by whatever it said, and hands over: its own program is found and stopped without a file. */
  const worksAllTheSame = async (cluster: LoopbackCluster) => {
    await cluster.startServing();
    const { code, output } = await cluster.aux.command('switchover', '--to', 'aux');
    expect(output).toContain('web is on aux');
    expect(code).toBe(0);
    expect(await cluster.aux.servicePids()).toHaveLength(1);
  };

  it('cannot be written: the node says what a reboot would forget, serves, and knows its own program', async ({
    cluster,
    main,
    aux,
  }) => {
    // What the kernel refuses to root as well; both nodes have programs of the same name and no pid file.
    for (const [node, directory] of [
      [main, '/sys/kernel'],
      [aux, '/sys/module'],
    ] as const) {
      node.write((file) => {
        file.stateDirectory = directory;
      });
    }
    await worksAllTheSame(cluster);
    await main.says('could not be written (EACCES');
    await main.says(
      'a reboot forgets the standby setting, maintenance and the highest term: free or repair that disk',
    );
  });

  it('has no such folder and lets nobody make it: the same', async ({ cluster, main }) => {
    for (const node of cluster.nodes) {
      node.write((file) => {
        file.stateDirectory = join(node.dir, 'page', 'state');
      });
    }
    await worksAllTheSame(cluster);
    await main.says('could not be written (ENOTDIR');
  });

  it('is full: the same', async ({ cluster, main }) => {
    for (const node of cluster.nodes) symlinkSync('/dev/full', `${statePath(node)}.new`);
    await worksAllTheSame(cluster);
    await main.says('could not be written (ENOSPC');
  });

  it.for([
    ['is cut off', '{"version":1,"highestTerms":{"we'],
    ['is empty', ''],
    ['has other things in it', '{"version":1,"highestTerms":{"web":"high"},"drained":1}'],
    ['is of a later version', '{"version":9}'],
  ] as const)(
    'has a state file that %s: the node says so and starts without',
    async ([_, content], { cluster, main }) => {
      writeFileSync(statePath(main), content);
      main.start();
      await cluster.serves('main');
      expect(main.log).toContain(`${statePath(main)} could not be used; starting without what it remembered`);
      await until(
        'a good state file',
        async () => JSON.parse(readFileSync(statePath(main), 'utf8')).version === 1,
      );
    },
  );

  it('has a pipe in place of the state file: the node starts, and ends when it is told to', async ({
    cluster,
    main,
  }) => {
    execFileSync('mkfifo', [statePath(main)]);
    main.start();
    await cluster.serves('main');
    expect(await main.ended('SIGTERM')).toBe(0);
  });
});

describe.concurrent('a control socket that cannot be had', () => {
  it('for want of a place: the node serves without, and says what to do', async ({ cluster, main }) => {
    main.write((file) => {
      file.socket.path = join(main.dir, 'page', 'control.sock');
    });
    main.start();
    await cluster.serves('main');
    expect(main.log).toMatch(/commands cannot reach this daemon, it goes on without: .*page.*socket\.path/);
    expect((await main.command('status')).code).toBe(69);
  });

  it('for something that lies there: the same, and it is left alone', async ({ cluster, main }) => {
    mkdirSync(join(main.dir, 'run'));
    writeFileSync(main.socketPath, 'precious');
    main.start();
    await cluster.serves('main');
    expect(main.log).toContain(
      `${main.socketPath} exists and is no socket: remove it, or change socket.path`,
    );
    expect(readFileSync(main.socketPath, 'utf8')).toBe('precious');
  });

  it('for a group that does not exist: the same', async ({ cluster, main }) => {
    main.write((file) => {
      file.socket.group = 'no-such-group';
    });
    main.start();
    await cluster.serves('main');
    expect(main.log).toContain('the group no-such-group of the socket');
  });
});

describe.concurrent('a daemon that is killed', () => {
  it('and started again goes on with the same program and a socket of its own, and nothing moves', async ({
    cluster,
    main,
  }) => {
    // Alone, so that it does not matter how fast this machine starts it again.
    main.start();
    await cluster.serves('main');
    const serving = await cluster.service();
    await main.ended('SIGKILL');
    main.log = '';
    main.start();
    await main.says(/address \S+ is on main/);
    expect(await cluster.service()).toEqual(serving);
    expect((await main.status()).groups[0]).toMatchObject({ leader: 'main', role: 'leading' });
  });
});

describe.concurrent('a configuration that changes while it is used', () => {
  const LONGER = '3s';

  it('is taken over by SIGHUP and by the verb, and no service is touched', async ({ cluster, main, aux }) => {
    await cluster.startServing();
    const serving = await cluster.service();
    for (const node of cluster.nodes) {
      node.write((file) => {
        file.timings.lease = LONGER;
        file.groups.web.failback = { mode: 'auto', after: '10m' };
        file.log = { level: 'debug' };
      });
    }
    main.daemon?.kill('SIGHUP');
    await main.says('the configuration was read again and is in use');
    expect(await aux.command('reload')).toMatchObject({ code: 0, output: 'the configuration is in force\n' });
    expect(await cluster.service()).toEqual(serving);
  });

  it('and is broken is refused by both, and the one before stays', async ({ cluster, main }) => {
    await cluster.startServing();
    const serving = await cluster.service();
    writeFileSync(main.configPath, `${readFileSync(main.configPath, 'utf8')}\nprofile: quick\n`);
    main.daemon?.kill('SIGHUP');
    await main.says(/read again and refused, nothing changed: .*eipkeeper\.yaml:\d+: profile/);
    // The command finds the socket although the file is wrong.
    const refused = await main.command('reload');
    expect(refused.output).toMatch(/the configuration was not taken over: .*eipkeeper\.yaml:\d+: profile/);
    expect(refused.output).toContain('The one before stays in force.');
    expect(refused.code).toBe(78);
    rmSync(main.configPath);
    main.daemon?.kill('SIGHUP');
    await main.says(`refused, nothing changed: ${main.configPath}: there is no such file`);
    expect(await cluster.service()).toEqual(serving);
    expect(main.runs).toBe(true);
  });

  it('and cannot change live is refused by the names of what it is', async ({ cluster, main }) => {
    await cluster.startServing();
    const serving = await cluster.service();
    main.write((file) => {
      file.port += 1;
      file.stateDirectory = '/elsewhere';
      file.groups.web.resources[0].exec.run.push('another');
      file.nodes.stranger = { address: '127.44.1.13' };
      file.groups.mail = structuredClone(file.groups.web);
      file.groups.mail.resources[1]['elastic-ip'] = {
        allocationId: 'eipalloc-0123456789abcdef0',
        privateAddress: { main: '127.44.2.11', aux: '127.44.2.12' },
      };
    });
    const { code, output } = await main.command('reload');
    for (const name of ['port', 'stateDirectory', 'groups.web.resources', 'groups']) {
      expect(output).toMatch(new RegExp(`these take a restart: .*\\b${name.replace('.', '\\.')}\\b`));
    }
    expect(code).toBe(78);
    expect(await cluster.service()).toEqual(serving);
  });
});

describe.concurrent('what an operator set', () => {
  it('as standby is kept by a restart and by a crash', async ({ cluster, main, aux }) => {
    await cluster.startServing();
    expect((await aux.command('standby')).code).toBe(0);
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await aux.ended(signal);
      aux.start();
      await until('aux in standby', async () => (await aux.status()).nodes.some(isOwnStandby));
      await until('main to know', async () => (await main.page()).includes('Standby: [ aux ]'));
    }
    expect((await aux.command('online')).code).toBe(0);
    expect((await aux.command('online')).code).toBe(0);
    await aux.ended('SIGKILL');
    aux.start();
    await until('aux online', async () => (await aux.status()).nodes.some(isOwnOnline));
    expect(cluster.moves()).toBe(1);
  });

  it('as a forced place is kept by a restart of everything, although another node is preferred', async ({
    cluster,
    main,
    aux,
  }) => {
    for (const node of cluster.nodes) {
      node.write((file) => {
        file.groups.web.failback = { mode: 'auto', after: '100ms' };
      });
    }
    await cluster.startServing();
    const { code } = await main.command('failover', '--to', 'aux', '--force');
    expect(code).toBe(0);
    const record = cluster.aws.parameters.list(`/eipkeeper/${main.file.cluster}/web/term`, false).at(-1);
    const uid = process.getuid?.();
    expect(JSON.parse(record?.value ?? '')).toMatchObject({
      owner: 'aux',
      requestedBy: `uid ${uid} on main`,
    });
    await Promise.all(cluster.nodes.map((node) => node.ended('SIGKILL')));
    main.log = '';
    aux.log = '';
    aux.start();
    // Else a busy machine may start the other one and let it find nobody.
    await aux.says('aux runs');
    main.start();
    await aux.says('still had the address');
    // Fifteen times what a failback waits for.
    await until('main online', async () => (await main.status()).nodes.some(isOwnOnline));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(cluster.holder(), `${main.log}---\n${aux.log}`).toBe('aux');
  });
});

const isOwnStandby = ({ self, state }: { self: boolean; state: string }) => self && state === 'standby';
const isOwnOnline = ({ self, state }: { self: boolean; state: string }) => self && state === 'online';
