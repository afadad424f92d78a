import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OcfAgent, type OcfOptions } from '../../src/resources/ocf.ts';
import { findProcesses } from '../../src/resources/process-table.ts';
import type { ResourceState } from '../../src/resources/resource-adapter.ts';
import { describeWhere, missingPrograms } from '../support/describe-where.ts';

const RUNNING = { kind: 'running' };
const STOPPED = { kind: 'stopped' };
const AGENTS = '/usr/lib/ocf/resource.d/heartbeat';
const limits = { deadlineMs: 15_000, signal: new AbortController().signal };
const reasonOf = (state: ResourceState) => ('reason' in state ? state.reason : state.kind);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ocf-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function agent(type: string, changes: Partial<OcfOptions> = {}): OcfAgent {
  return new OcfAgent({
    id: `test-${process.pid}.${type}`,
    root: '/usr/lib/ocf',
    provider: 'heartbeat',
    type,
    parameters: {},
    checkLevel: 0,
    validateAll: true,
    startTimeoutMs: 15_000,
    stopTimeoutMs: 15_000,
    monitorTimeoutMs: 15_000,
    runDir: dir,
    ...changes,
  });
}

function missing(): string | null {
  if (process.getuid?.() !== 0) return 'OCF agents need root: sudo npm test';
  if (!existsSync(AGENTS)) return 'missing programs: apt-get install resource-agents';
  return missingPrograms({ modprobe: 'kmod', fuser: 'psmisc' });
}

describeWhere(missing(), "an agent of Debian's resource-agents", () => {
  it('Dummy is started, seen running, and stopped; each of them twice', async () => {
    const dummy = agent('Dummy', { parameters: { state: join(dir, 'state') } });
    expect(await dummy.validate(limits)).toEqual(RUNNING);
    expect(await dummy.monitor(limits)).toEqual(STOPPED);
    expect(await dummy.start(limits)).toEqual(RUNNING);
    expect(await dummy.start(limits)).toEqual(RUNNING);
    expect(existsSync(join(dir, 'state'))).toBe(true);
    expect(await dummy.monitor(limits)).toEqual(RUNNING);
    expect(await dummy.stop(limits)).toEqual(STOPPED);
    expect(await dummy.stop(limits)).toEqual(STOPPED);
    expect(await dummy.monitor(limits)).toEqual(STOPPED);
  });

  it('symlink gets its parameters, and its own reason is heard', async () => {
    const link = join(dir, 'link');
    const symlink = (target: string) => agent('symlink', { parameters: { target, link } });
    expect(await symlink('/etc/hostname').start(limits)).toEqual(RUNNING);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(await symlink('/etc/hostname').stop(limits)).toEqual(STOPPED);
    expect(existsSync(link)).toBe(false);
    writeFileSync(link, 'in the way');
    expect(reasonOf(await symlink('/etc/hostname').start(limits))).toMatch(
      /^ocf test-.*symlink: start: .* exited with 5: .*link.*\(5: its software is not installed\)$/,
    );
  });

  it('Filesystem mounts, and mounts again what was unmounted behind its back', async () => {
    const directory = join(dir, 'mount');
    mkdirSync(directory);
    const parameters = { device: 'eipkeeper-test', directory, fstype: 'tmpfs', options: 'size=1m' };
    const filesystem = agent('Filesystem', { parameters });
    const isMounted = () => readFileSync('/proc/mounts', 'utf8').includes(` ${directory} tmpfs `);
    try {
      expect(await filesystem.validate(limits)).toEqual(RUNNING);
      expect(await filesystem.start(limits)).toEqual(RUNNING);
      expect(isMounted()).toBe(true);
      execFileSync('umount', [directory]);
      expect(await filesystem.monitor(limits)).toEqual(STOPPED);
      expect(await filesystem.start(limits)).toEqual(RUNNING);
      expect(await filesystem.stop(limits)).toEqual(STOPPED);
      expect(isMounted()).toBe(false);
    } finally {
      if (isMounted()) execFileSync('umount', [directory]);
    }
  });

  it('each one gives meta-data that is understood', async () => {
    const wrong: string[] = [];
    for (const type of readdirSync(AGENTS).filter((name) => !name.startsWith('.'))) {
      const parameters = { no_such_parameter: 'x' };
      const reason = reasonOf(await agent(type, { parameters }).validate(limits));
      if (!reason.includes('it has no parameter no_such_parameter')) wrong.push(reason);
    }
    expect(wrong).toEqual([]);
  }, 120_000);

  it.each([
    ['IPaddr2', {}, 'it needs the parameter ip'],
    [
      'IPaddr2',
      { ip: '192.0.2.9', cidr_netmsk: '24' },
      'it has no parameter cidr_netmsk; did you mean cidr_netmask?',
    ],
    ['IPaddr2', { ip: '192.0.2.9', arp_count: 'many' }, 'arp_count must be integer, not "many"'],
    ['IPaddr2', { ip: '192.0.2.9', lvs_support: 'perhaps' }, 'lvs_support must be boolean, not "perhaps"'],
    ['Dummi', {}, `there is no agent ${AGENTS}/Dummi, or it may not be run: install its package`],
  ])('%s with %j is refused', async (type, parameters, reason) => {
    expect(reasonOf(await agent(type, { parameters }).validate(limits))).toContain(reason);
  });

  it('is asked itself about its parameters, unless its files come later', async () => {
    const refused = await agent('apache', { parameters: { configfile: join(dir, 'none') } }).validate(limits);
    expect(reasonOf(refused)).toMatch(/validate-all" exited with \d.*\(\d: its /);
    const trusting = { validateAll: false, parameters: { configfile: join(dir, 'none') } };
    expect(await agent('apache', trusting).validate(limits)).toEqual(RUNNING);
  });
});

describe('an agent that one would not wish for', () => {
  const META = `<resource-agent name="x"><parameters></parameters>
    <actions><action name="start"/></actions></resource-agent>`;

  function written(cases: Readonly<Record<string, string>>, meta = META): OcfAgent {
    const folder = join(dir, 'resource.d/test');
    mkdirSync(folder, { recursive: true });
    const branches = Object.entries(cases).map(([action, commands]) => `${action}) ${commands};;`);
    const body = `#!/bin/sh\ncase "$1" in\nmeta-data) cat <<'END'\n${meta}\nEND\nexit 0;;\n${branches.join('\n')}\nesac\nexit 3\n`;
    writeFileSync(join(folder, 'agent'), body);
    chmodSync(join(folder, 'agent'), 0o755);
    return agent('agent', { root: dir, provider: 'test' });
  }

  it.each([
    [0, 'running', ''],
    [1, 'unhealthy', '(1: a fault that it does not name)'],
    [2, 'failed', '(2: its parameters are wrong)'],
    [3, 'failed', '(3: it does not know this action)'],
    [4, 'failed', '(4: it lacks a permission)'],
    [5, 'failed', '(5: its software is not installed)'],
    [6, 'failed', '(6: its configuration is wrong)'],
    [7, 'stopped', ''],
    [8, 'running', ''],
    [42, 'failed', '(42: a code that OCF does not know)'],
  ])('monitors with exit code %i: %s', async (code, kind, reason) => {
    const state = await written({ monitor: `exit ${code}` }).monitor(limits);
    expect(state.kind).toBe(kind);
    expect(reasonOf(state)).toContain(reason);
  });

  it('gives no meta-data, or prints megabytes of it', async () => {
    const silent = await written({}, 'sorry').validate(limits);
    expect(reasonOf(silent)).toContain('it gives no meta-data: ');
    const endless = await written({}, `<resource-agent>${'<parameter name="x"/>'.repeat(50_000)}`).validate(
      limits,
    );
    expect(reasonOf(endless)).toContain('it gives no meta-data: ');
    expect(reasonOf(endless).length).toBeLessThan(600);
  });

  it('never returns', async () => {
    const hanging = written({
      monitor: 'trap "" TERM; while :; do sleep 1; done',
      stop: 'sleep 1000',
      start: 'sleep 1000',
    });
    const short = { ...limits, deadlineMs: 300 };
    expect((await hanging.monitor(short)).kind).toBe('failed');
    expect(reasonOf(await hanging.start(short))).toContain('did not finish in time and was killed');
    expect(reasonOf(await hanging.stop(short))).toContain('did not finish in time and was killed');
    const own = join(dir, 'resource.d');
    expect(await findProcesses(({ title }) => title.includes(own))).toEqual([]);
  });

  it('prints megabytes', async () => {
    const loud =
      'head -c 30M /dev/zero | tr "\\\\0" x; echo; echo ocf-exit-reason:the disk is on fire >&2; exit 1';
    const state = await written({ monitor: loud, stop: loud }).monitor(limits);
    expect(reasonOf(state)).toMatch(/monitor" exited with 1: the disk is on fire \(1: /);
  });

  it('lies about its start, and about its stop', async () => {
    const sleepy = written({ start: 'exit 0', monitor: 'exit 7' });
    expect(reasonOf(await sleepy.start(limits))).toContain('its monitor says that it is stopped');
    const undead = written({ stop: 'exit 0', monitor: 'exit 0' });
    expect(reasonOf(await undead.stop(limits))).toContain('its monitor says that it runs');
  });

  it('is stopped where its software is not installed, once its stop has agreed', async () => {
    expect(await written({ stop: 'exit 0', monitor: 'exit 5' }).stop(limits)).toEqual(STOPPED);
    expect((await written({ stop: 'exit 5', monitor: 'exit 5' }).stop(limits)).kind).toBe('failed');
  });

  it('does not mean the type that it names for a parameter', async () => {
    const parameters = (type: string, value: string) =>
      META.replace(
        '<parameters>',
        `<parameters><parameter name="p"><content type="${type}" default="${value}"/></parameter>`,
      );
    const given = { root: dir, provider: 'test', parameters: { p: 'three' } };
    written({}, parameters('integer', '.%F'));
    expect((await agent('agent', given).validate(limits)).kind).toBe('running');
    written({}, parameters('integer', '3'));
    expect(reasonOf(await agent('agent', given).validate(limits))).toContain(
      'p must be integer, not "three"',
    );
  });

  it('gets the names that OCF gives to what it is told', async () => {
    written({ monitor: `env > ${dir}/env; exit 7` });
    await agent('agent', { root: dir, provider: 'test', id: 'web.agent', checkLevel: 10 }).monitor(limits);
    const told = readFileSync(join(dir, 'env'), 'utf8').split('\n');
    expect(told).toEqual(
      expect.arrayContaining([
        `OCF_ROOT=${dir}`,
        'OCF_RA_VERSION_MAJOR=1',
        'OCF_RESOURCE_INSTANCE=web.agent',
        'OCF_RESOURCE_PROVIDER=test',
        'OCF_RESOURCE_TYPE=agent',
        'OCF_CHECK_LEVEL=10',
      ]),
    );
  });
});
