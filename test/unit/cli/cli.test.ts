import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseKey } from '../../../src/config/key-text.ts';
import { GOOD } from '../config/configuration-fixture.ts';
import { candidate, groupStatus, statusSnapshot } from '../control/snapshot-fixture.ts';
import { CliHarness } from './cli-harness.ts';

/** The uid of Debian's "nobody". */
const NOBODY = 65_534;

let cli = new CliHarness();
beforeEach(async () => {
  cli = new CliHarness();
  await cli.start();
});
afterEach(() => cli.close());

describe('what is typed wrong', () => {
  it.each([
    [['statsu'], 'Did you mean status?'],
    [['switchovr', '--to', 'aux'], 'Did you mean switchover?'],
    [['switch', '--to', 'aux'], 'Did you mean switchover?'],
    [['hb_takeover'], 'hb_takeover is "eipkeeper switchover" here'],
    [['crm_mon'], 'crm_mon is "eipkeeper status" here'],
    [['status', '--wach'], 'Did you mean --watch?'],
    [['status', '--output', 'xml'], 'Allowed choices are text, json'],
    [['switchover', '--timeout', '30'], 'write the unit, 30ms or 30s'],
    [['switchover', '--timeout', '2h'], 'at most 1h'],
    [['doctor', '--wait', '0s'], 'must be longer than 0'],
    [['doctor', '--wait', '25h'], 'longer than the 24h that are allowed'],
    [['online', 'a', 'b'], 'too many arguments'],
    [[], 'Usage: eipkeeper'],
  ])('%j ends with 64 and a hint', async (argv, hint) => {
    const { exitCode, stderr } = await cli.run(...argv);
    expect(stderr).toContain(hint);
    expect(exitCode).toBe(64);
  });

  it.each([
    'status',
    'switchover',
    'failover',
    'standby',
    'online',
    'forget',
    'reload',
    'doctor',
    'events',
    'drill',
    'destroy',
    'keygen',
    'decode',
    'run',
    'guard',
    'user-data',
    'history',
    'explain',
    'maintenance',
    'cleanup',
    'config',
    'key',
    'import',
  ])('%s --help shows an example and ends with 0', async (verb) => {
    const { exitCode, stdout } = await cli.run(verb, '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples?:\\n.*eipkeeper.* ${verb}`, 's'));
    // As commander writes what a person would not.
    expect(stdout).not.toMatch(/default: ([{[]|false)/);
  });
});

describe('status', () => {
  it('is a page in the shape of crm_mon', async () => {
    const { exitCode, stdout } = await cli.ask('status');
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`Cluster web, as main sees it (eipkeeper 0.1.0, 2026-11-21T05:10:00.000Z)
2 nodes, 1 group; witness up since 70 min; last change 10 min ago: web to main (takeover, took 1690 ms)

Online: [ main aux ]

Group web (address, term 7): led by main by the word of its peers
  nginx         (nginx): Started main
  203.0.113.10  (elastic-ip): Started main

Links of main:
  aux 10.0.0.12: up, heard 37 ms ago, 0.4 ms there and back
`);
  });

  it('shows who has registered where, and who has not', async () => {
    cli.handler.snapshot = statusSnapshot({
      registrations: [
        {
          node: 'main',
          addresses: ['10.0.0.11'],
          port: 9694,
          instanceId: 'i-0aa1',
          since: '2026-11-18T05:10:00.000Z',
          problem: '',
        },
        {
          node: 'aux',
          addresses: [],
          port: null,
          instanceId: null,
          since: null,
          problem: 'nobody has registered under this name',
        },
      ],
    });
    expect((await cli.ask('status')).stdout).toContain(`
Registered in SSM:
  main: 10.0.0.11 on i-0aa1, written 3 days ago
  aux: NOT REGISTERED; nobody has registered under this name
`);
  });

  it('says nothing of why another came to lead, which only that one knows', async () => {
    const lastChange = { at: '2026-11-21T05:00:00.000Z', reason: '', by: '', phases: null };
    cli.handler.snapshot = statusSnapshot({ groups: [groupStatus({ leader: 'aux', lastChange })] });
    expect((await cli.ask('status')).stdout).toMatch(/last change 10 min ago: web to aux$/m);
  });

  it('says once that a group is in maintenance, and not of each node', async () => {
    const reason = 'it says: web is in maintenance (eipkeeper maintenance off web ends it)';
    const candidates = [candidate('main'), candidate('aux', { eligible: false, reason })];
    cli.handler.snapshot = statusSnapshot({ groups: [groupStatus({ maintenance: true, candidates })] });
    const { stdout } = await cli.ask('status');
    expect(stdout.match(/maintenance off web/g)).toHaveLength(1);
    const { stderr } = await cli.ask('drill');
    expect(stderr.match(/maintenance off web/g)).toHaveLength(1);
  });

  it('shows all that is wrong', async () => {
    cli.handler.snapshot = statusSnapshot({
      witness: { state: 'down', since: null, reason: 'SSM does not answer' },
      nodes: [
        { name: 'main', state: 'online', self: true, links: [] },
        {
          name: 'aux',
          state: 'offline',
          self: false,
          links: [
            {
              path: 0,
              address: '10.0.0.12',
              state: 'dead',
              rttMs: null,
              rttMsAgo: null,
              lastHeardMsAgo: 63_000,
              problem: 'it has another key',
              sent: 630,
              received: 0,
              lost: 0,
            },
          ],
        },
      ],
      groups: [
        groupStatus({
          authority: { held: false, forMs: 0, source: 'none' },
          address: {
            publicIp: '203.0.113.10',
            holder: 'eni-9',
            here: false,
            readMsAgo: 1,
            complaint: 'it was moved by hand',
          },
          resources: [
            {
              name: 'nginx',
              type: 'nginx',
              state: 'failed',
              reason: 'nginx: "nginx -t" failed',
              monitor: '',
            },
            { name: '203.0.113.10', type: 'elastic-ip', state: 'stopped', reason: '', monitor: '' },
          ],
          candidates: [
            candidate('main'),
            candidate('aux', { eligible: false, reason: 'it is not heard', role: null }),
          ],
          handover: { target: 'aux', phase: 'preparing', why: 'nginx does not start here' },
          failedActions: [
            {
              at: '2026-11-21T05:09:30.000Z',
              resource: 'nginx',
              action: 'start',
              reason: 'port 80 is taken',
            },
          ],
        }),
      ],
    });
    const { stdout } = await cli.ask('status');
    for (const line of [
      'witness DOWN (SSM does not answer)',
      'Online: [ main ]',
      'OFFLINE: [ aux ]',
      'led by main WITHOUT AUTHORITY',
      'nginx         (nginx): FAILED main: nginx: "nginx -t" failed',
      '203.0.113.10  (elastic-ip): on eni-9, which is none of the nodes',
      'the address: it was moved by hand',
      'moving to aux (preparing): nginx does not start here',
      'aux could not lead: it is not heard',
      'aux 10.0.0.12: dead, heard 63 s ago; it has another key',
      'web: nginx start, 30 s ago: port 80 is taken',
    ]) {
      expect(stdout).toContain(line);
    }
  });

  it('lets no reason steer the terminal', async () => {
    cli.handler.snapshot = statusSnapshot({
      witness: { state: 'down', since: null, reason: '\u001b[2J\u202egone' },
    });
    expect((await cli.ask('status')).stdout).toContain('(?[2J?gone)');
  });

  it('is the whole snapshot as JSON', async () => {
    expect(JSON.parse((await cli.ask('status', '--output', 'json')).stdout)).toEqual(statusSnapshot());
  });

  it('--watch shows the page and then a line for each change, until Ctrl-C', async () => {
    const watching = cli.ask('status', '--watch');
    await vi.waitFor(() => expect(cli.stdout).toContain('Changes'));
    cli.handler.become(
      statusSnapshot({
        groups: [
          groupStatus({
            leader: 'aux',
            term: 8,
            role: 'standby',
            address: { publicIp: '203.0.113.10', holder: 'aux', here: false, readMsAgo: 1, complaint: '' },
          }),
        ],
      }),
    );
    await vi.waitFor(() => expect(cli.stdout).toContain('on aux'));
    cli.interrupt.abort();
    const { exitCode, stdout } = await watching;
    expect(exitCode).toBe(0);
    expect(stdout.split('Changes (Ctrl-C ends):\n')[1]?.split('\n')).toEqual([
      '2026-11-21T05:10:00.000Z web: leader aux, term 8 (was main)',
      '2026-11-21T05:10:00.000Z web: main is standby',
      '2026-11-21T05:10:00.000Z web: address 203.0.113.10 on aux',
      '',
    ]);
  });

  it('is coloured on a terminal alone, and not where NO_COLOR is set', async () => {
    expect((await cli.ask('status')).stdout).not.toContain('\u001b');
    cli.terminal = { size: () => ({ rows: 24, columns: 80 }) };
    expect((await cli.ask('status')).stdout).toContain('(nginx): \u001b[32mStarted\u001b[0m main');
    expect((await cli.ask('status', '--output', 'json')).stdout).not.toContain('\u001b');
    cli.env = { NO_COLOR: '1' };
    expect((await cli.ask('status')).stdout).not.toContain('\u001b');
  });

  it('--watch paints the page anew on a terminal, in its size, with the newest changes below', async () => {
    cli.terminal = { size: () => ({ rows: 18, columns: 60 }) };
    cli.env = { NO_COLOR: '1' };
    const watching = cli.ask('status', '--watch');
    await vi.waitFor(() => expect(cli.stdout).toContain('Changes'));
    cli.handler.become(
      statusSnapshot({ groups: [groupStatus({ leader: 'aux', term: 8, role: 'standby' })] }),
    );
    await vi.waitFor(() => expect(cli.stdout).toContain('web: main is standby'));
    cli.interrupt.abort();
    const { exitCode, stdout } = await watching;
    expect(exitCode).toBe(0);
    const [, first, ...later] = stdout.split('\u001b[H');
    expect(first).not.toContain('led by aux');
    const page = (later.at(-1) ?? '').replaceAll('\u001b[K', '').replace('\u001b[J', '');
    expect(page).toMatch(
      /Group web .*: led by aux\n[\s\S]*Changes \(Ctrl-C ends\):\n.*leader aux[\s\S]*main is standby\n$/,
    );
    const lines = page.split('\n');
    expect(lines.length).toBeLessThanOrEqual(18);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(60);
  });

  it('says with 69 that no daemon runs', async () => {
    await cli.stopDaemon();
    const { exitCode, stderr } = await cli.ask('status');
    expect(exitCode).toBe(69);
    expect(stderr).toContain('eipkeeper does not run here');
  });

  it('says so to a program in the way that it asked for', async () => {
    await cli.stopDaemon();
    const { exitCode, stdout, stderr } = await cli.ask('status', '--output', 'json');
    expect(JSON.parse(stdout)).toEqual({
      status: 'failed',
      reason: expect.stringMatching(/^eipkeeper does not run here/) as string,
      exitCode: 69,
    });
    expect(stderr).toBe('');
    expect(exitCode).toBe(69);
  });

  it('says a defect so too, and keeps its trace for the report', async () => {
    cli.connect = () => {
      throw new TypeError('the index is no number');
    };
    const asJson = await cli.ask('status', '--output', 'json');
    const answer = { status: 'failed', reason: 'the index is no number', exitCode: 1 };
    expect(JSON.parse(asJson.stdout)).toEqual(answer);
    const asText = await cli.ask('status');
    expect(asText.stdout).toBe('');
    for (const { exitCode, stderr } of [asJson, asText]) {
      expect(stderr).toMatch(/^TypeError: the index is no number\n +at .*cli\.test\.ts/);
      expect(exitCode).toBe(1);
    }
  });

  it('finds the socket of the configuration', async () => {
    const path = join(cli.directory, 'eipkeeper.yaml');
    await writeFile(path, `${GOOD}socket: { path: ${cli.socket} }\n`);
    expect((await cli.run('status', '--config', path)).exitCode).toBe(0);
  });
});

describe('switchover and failover', () => {
  it('ask for a move and show what happens meanwhile', async () => {
    cli.handler.outcome = new Promise((resolve) => {
      cli.handler.onCommand = () => {
        void vi
          .waitFor(() => expect(cli.handler.listeners.size).toBe(1))
          .then(async () => {
            cli.handler.become(
              statusSnapshot({
                groups: [groupStatus({ handover: { target: 'aux', phase: 'preparing', why: '' } })],
              }),
            );
            await new Promise((after) => setTimeout(after, 150));
            resolve({ status: 'done', reason: '' });
          });
      };
    });
    const { exitCode, stdout, stderr } = await cli.ask('switchover', '--to', 'aux', '--timeout', '5s');
    expect(stdout).toBe('web is on aux\n');
    expect(stderr).toBe('moving web from main to aux …\n  web: handover to aux: preparing\n');
    expect(exitCode).toBe(0);
    expect(cli.handler.commands).toMatchObject([
      { type: 'move', group: 'web', target: 'aux', kind: 'switchover', timeoutMs: 5_000 },
    ]);
  });

  it.each([
    [['switchover'], 'switchover'],
    [['failover'], 'switchover'],
    [['failover', '--force'], 'force'],
  ])('%j without --to goes to the only other node, as %s', async (argv, kind) => {
    await cli.ask(...argv);
    expect(cli.handler.commands).toMatchObject([{ target: 'aux', kind }]);
  });

  it('end with 107 and the reason when refused, and name the way with force', async () => {
    cli.handler.outcome = { status: 'refused', reason: 'aux could not lead: nginx -t failed' };
    const { exitCode, stdout, stderr } = await cli.ask('switchover', '--to', 'aux');
    expect(exitCode).toBe(107);
    expect(stdout).toBe('');
    expect(stderr).toContain(
      'web was not moved to aux: aux could not lead: nginx -t failed\nIf the leader is broken: eipkeeper failover --group web --to aux --force\n',
    );
  });

  it('end with 106 without the witness, and name no force, which needs it as well', async () => {
    const witness = { ...statusSnapshot().witness, state: 'down' as const };
    cli.handler.snapshot = statusSnapshot({ witness });
    cli.handler.outcome = { status: 'refused', reason: 'the witness (SSM) does not answer' };
    const { exitCode, stderr } = await cli.ask('switchover', '--to', 'aux');
    expect(exitCode).toBe(106);
    expect(stderr).not.toContain('--force');
  });

  it('end with 124 when it took too long', async () => {
    cli.handler.outcome = { status: 'timeout', reason: 'aux did not answer; nothing was changed' };
    const { exitCode, stderr } = await cli.ask('failover', '--to', 'aux', '--force');
    expect(exitCode).toBe(124);
    expect(stderr).toContain('aux did not answer; nothing was changed');
    expect(stderr).not.toContain('--force');
  });

  it('say that nothing moves to the node that leads', async () => {
    const { stdout, stderr } = await cli.ask('switchover', '--to', 'main');
    expect(stdout).toBe('main leads web already\n');
    expect(stderr).toBe('');
  });

  it('say what is wrong with the target, and not to force it, where it could not lead', async () => {
    const aux = { ...candidate('aux'), eligible: false, reason: 'it is in standby' };
    cli.handler.snapshot = statusSnapshot({
      groups: [groupStatus({ candidates: [candidate('main'), aux] })],
    });
    cli.handler.outcome = { status: 'refused', reason: 'no' };
    const { stderr } = await cli.ask('switchover', '--to', 'aux');
    expect(stderr).toContain('web was not moved to aux: no\naux: it is in standby\n');
    expect(stderr).not.toContain('--force');
  });

  it('give the result as JSON', async () => {
    cli.handler.outcome = { status: 'refused', reason: 'no' };
    const { stdout, stderr } = await cli.ask('switchover', '--to', 'aux', '--output', 'json');
    expect(JSON.parse(stdout)).toEqual({ status: 'refused', reason: 'no', exitCode: 107 });
    expect(stderr).toBe('');
  });

  it.each([
    [['--to', 'axu'], 'axu is not one of the nodes of the group web; did you mean aux?'],
    [['--group', 'wbe'], 'the cluster web has no group wbe; did you mean web?'],
  ])('refuse %j before anything is asked', async (argv, message) => {
    const { exitCode, stderr } = await cli.ask('switchover', ...argv);
    expect(exitCode).toBe(64);
    expect(stderr).toContain(message);
    expect(cli.handler.commands).toEqual([]);
  });

  it('want to know the group when there are several, and the node when there are more than two', async () => {
    const third = groupStatus({
      name: 'api',
      candidates: ['main', 'aux', 'spare'].map((node) => candidate(node)),
    });
    cli.handler.snapshot = statusSnapshot({ groups: [groupStatus(), third] });
    expect((await cli.ask('switchover', '--to', 'aux')).stderr).toContain('add --group web or --group api');
    expect((await cli.ask('switchover', '--group', 'api')).stderr).toContain('add --to aux or --to spare');
  });
});

describe('forget', () => {
  it('names the node, and says where it still counts', async () => {
    const reason = 'aux leads mail: type it there as well';
    cli.handler.outcome = { status: 'done', reason };
    const { exitCode, stdout } = await cli.ask('forget', 'third', '--timeout', '5s');
    expect(cli.handler.commands).toMatchObject([{ type: 'forget', node: 'third', timeoutMs: 5_000 }]);
    expect(stdout).toBe(`third is forgotten; but ${reason}\n`);
    expect(exitCode).toBe(0);
  });

  it('ends with 107 and the reason when it is refused', async () => {
    cli.handler.outcome = { status: 'refused', reason: 'third is heard', code: 'unsafe' };
    const { exitCode, stderr } = await cli.ask('forget', 'third');
    expect(stderr).toContain('third was not forgotten: third is heard');
    expect(exitCode).toBe(107);
  });
});

describe('reload', () => {
  it('tells what was wrong with the new configuration, and that the old one stays', async () => {
    cli.handler.reloadOutcome = { status: 'refused', reason: 'eipkeeper.yaml:3: nodes: has 1 node' };
    const { exitCode, stderr } = await cli.ask('reload');
    expect(exitCode).toBe(78);
    expect(stderr).toContain('eipkeeper.yaml:3: nodes: has 1 node\nThe one before stays in force.');
  });
});

describe('commands that need no daemon', () => {
  it('config check says what a good file means', async () => {
    const path = join(cli.directory, 'good.yaml');
    await writeFile(path, GOOD);
    const { exitCode, stdout } = await cli.run('config', 'check', path);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('at first 3 writes to the witness, then at most 0.43 a second of the 3');
  });

  it('config check looks where EIPKEEPER_CONFIG says, unless it is told', async () => {
    cli.env = { EIPKEEPER_CONFIG: join(cli.directory, 'elsewhere.yaml') };
    expect((await cli.run('config', 'check')).stderr).toContain('elsewhere.yaml: there is no such file');
    expect((await cli.run('config', 'check', './here.yaml')).stderr).toContain('./here.yaml: there is no');
  });

  it('config check shows all lines that are wrong and ends with 78', async () => {
    const path = join(cli.directory, 'bad.yaml');
    await writeFile(path, GOOD.replace('10.0.0.12', '10.0.0.11').replace('cluster: web', 'cluster: a/b'));
    const { exitCode, stderr } = await cli.run('config', 'check', path);
    expect(exitCode).toBe(78);
    expect(
      stderr
        .trim()
        .split('\n')
        .map((line) => line.slice(path.length, path.length + 3)),
    ).toEqual([':1:', ':5:']);
  });

  it('keygen prints a key', async () => {
    expect(parseKey((await cli.run('keygen')).stdout)?.length).toBe(32);
  });

  it('keygen --output makes a file for its owner alone, and never overwrites one', async () => {
    const path = join(cli.directory, 'key');
    expect((await cli.run('keygen', '--output', path)).exitCode).toBe(0);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const before = await readFile(path, 'utf8');
    const { exitCode, stderr } = await cli.run('keygen', '--output', path);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('exists and was left as it is');
    expect(await readFile(path, 'utf8')).toBe(before);
  });

  it.each([
    ['keygen', '--kms-key', 'alias/web', '--output', 'json'],
    ['import', '--force', '--no-ec2', '/nonexistent', '--output', 'json'],
  ])('%s takes "json" for the name of a file, and fails in words', async (...argv) => {
    const { exitCode, stdout, stderr } = await cli.run(...argv);
    expect(stdout).toBe('');
    expect(stderr).not.toBe('');
    expect(exitCode).not.toBe(0);
  });

  it('decode says so when there is no packet', async () => {
    cli.stdin = Buffer.from('hello');
    expect(await cli.run('decode')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('no packet of eipkeeper'),
    });
  });

  it('decode explains a packet that came as digits', async () => {
    cli.stdin = Buffer.from('454b0000');
    expect(await cli.run('decode')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Too short for a packet'),
    });
  });

  it('run hands its configuration to the daemon and ends as it does', async () => {
    const { exitCode } = await cli.run('run', '--config', '/etc/eipkeeper/other.yaml');
    expect(exitCode).toBe(78);
    expect(cli.daemonRuns).toEqual(['/etc/eipkeeper/other.yaml']);
  });
});

describe('a socket that this user may not use', () => {
  it('ends with 77', async () => {
    await chmod(cli.socket, 0o000);
    const isRoot = process.geteuid?.() === 0;
    // Root may use any socket: for this one question it is nobody.
    if (isRoot) process.seteuid?.(NOBODY);
    try {
      expect((await cli.ask('status')).exitCode).toBe(77);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });
});
