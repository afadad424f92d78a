import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, vi } from 'vitest';
import { clusterTest as it, UNHURRIED, until } from '../../support/loopback-cluster.ts';

vi.setConfig(UNHURRIED);

const sh = (body: string) => ['/bin/sh', '-c', body];

describe.concurrent('a service that is broken', () => {
  it.runIf(existsSync('/usr/sbin/nginx'))(
    'as the nginx of the standby keeps that node ineligible, and status there says which line',
    async ({ cluster, main, aux }) => {
      const config = join(aux.dir, 'nginx.conf');
      writeFileSync(config, 'events {}\nhttp {\n  sever { }\n}\n');
      aux.write((file) => {
        file.groups.web.resources[0] = { nginx: { config, binary: '/usr/sbin/nginx', unit: false } };
      });
      await cluster.startServing();
      const serving = await cluster.service();
      await aux.says(/aux cannot lead: nginx: .*nginx\.conf/);
      expect((await aux.command('status')).output).toMatch(
        /aux could not lead: nginx: .*sever.*nginx\.conf:3/,
      );
      await until('main to know', async () => (await main.page()).includes('aux could not lead'));
      const refused = await main.command('switchover', '--to', 'aux');
      expect(refused.output).toContain('web was not moved to aux: aux could not lead web now');
      expect(refused.code).toBe(107);
      expect(await cluster.service()).toEqual(serving);
    },
  );

  it('and does not start on the target ends the switchover with the leader as it was', async ({
    cluster,
    main,
    aux,
  }) => {
    aux.write((file) => {
      file.groups.web.resources[0].exec.run = sh('echo no such luck; exit 3');
    });
    await cluster.startServing();
    const serving = await cluster.service();
    const { code, output } = await main.command('switchover', '--to', 'aux');
    expect(output).toContain('web was not moved to aux: ');
    expect([107, 124]).toContain(code);
    await aux.says(/services on aux: exec web\.page: ended at once; its last words are in .*web\.page\.log/);
    expect(readFileSync(join(aux.dir, 'state', 'web.page.log'), 'utf8')).toContain('no such luck');
    expect((await aux.command('status')).output).toContain('ended at once');
    expect(await cluster.service()).toEqual(serving);
    expect((await main.status()).groups[0]).toMatchObject({ role: 'leading', authority: { held: true } });
  });

  it('and hangs when it is stopped does not hold up the switchover, and is given up by name', async ({
    cluster,
    main,
    aux,
  }) => {
    const on = join(main.dir, 'on');
    main.write((file) => {
      file.groups.web.resources[0].exec = {
        name: 'page',
        start: sh(`touch ${on}; exec </dev/null >/dev/null 2>&1; ${main.service.join(' ')} &`),
        stop: sh(`: ${main.dir}/; exec sleep 600`),
        monitor: sh(`test -e ${on} || exit 7`),
        stopTimeout: '500ms',
      };
    });
    await cluster.startServing();
    expect((await main.command('switchover', '--to', 'aux')).code).toBe(0);
    await cluster.serves('aux');
    await main.says(/services on main: exec web\.page: stop: .* did not finish in time and was killed/);
    expect(main.runs && aux.runs).toBe(true);
    expect(cluster.holder()).toBe('aux');
  });
});

describe.concurrent('a leader that is told to end', () => {
  it('hands over to one that is eligible, with no move but that one', async ({ cluster, main, aux }) => {
    await cluster.startServing();
    const moves = cluster.moves();
    expect(await main.ended('SIGTERM')).toBe(0);
    expect(cluster.holder()).toBe('aux');
    expect(cluster.moves()).toBe(moves + 1);
    expect(await aux.servicePids()).toHaveLength(1);
    expect(await main.servicePids()).toEqual([]);
  });

  it('while nobody is eligible leaves service and address where they are, and says so', async ({
    cluster,
    main,
    aux,
  }) => {
    await cluster.startServing();
    expect((await aux.command('standby')).code).toBe(0);
    await until('main to know', async () => (await main.page()).includes('Standby: [ aux ]'));
    const serving = await cluster.service();
    expect(await main.ended('SIGTERM')).toBe(0);
    expect(main.log).toContain('nobody could take over: the service and the address stay here, unwatched');
    expect(await cluster.service()).toEqual(serving);
  });

  it('twice ends at once, and leaves both where they are', async ({ cluster, main }) => {
    main.start();
    await cluster.serves('main');
    const serving = await cluster.service();
    main.daemon?.kill('SIGINT');
    expect(await main.ended('SIGTERM')).toBe(0);
    expect(await cluster.service()).toEqual(serving);
  });
});

describe.concurrent('a defect of the daemon', () => {
  it.for([
    ['an exception that nobody caught', 'throw new Error("planted")'],
    ['a promise that nobody caught', 'Promise.reject(new Error("planted"))'],
  ])('(%s) ends it with 1 and its words, and the service goes on', async ([_, defect], { cluster, main }) => {
    const plant = `process.on('SIGUSR2',()=>{${defect}})`;
    main.start({ NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(plant)}` });
    await cluster.serves('main');
    const serving = await cluster.service();
    expect(await main.ended('SIGUSR2')).toBe(1);
    expect(main.log).toContain('a defect ended the daemon; services and address stay as they are: planted');
    expect(await cluster.service()).toEqual(serving);
  });
});

describe.concurrent('the secrets and settings in the environment of a daemon', () => {
  it('reach none of its services', async ({ cluster, main }) => {
    for (const node of cluster.nodes) {
      node.write((file) => {
        file.key = { env: 'HEARTBEAT_SECRET' };
        file.groups.web.resources[0].exec.env = { GREETING: 'hello' };
      });
    }
    main.start({
      HEARTBEAT_SECRET: 'ab'.repeat(32),
      ORDINARY: 'yes',
      AWS_SESSION_TOKEN: 'token',
      MALLOC_ARENA_MAX: '1',
    });
    await cluster.serves('main');
    const [pid] = await main.servicePids();
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    expect(environment).toContain('GREETING=hello');
    expect(environment).toContain('ORDINARY=yes');
    expect(environment.filter((line) => /^(HEARTBEAT_SECRET|AWS_|MALLOC_)/.test(line))).toEqual([]);
  });
});
