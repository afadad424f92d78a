import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bootOddities, enabledOddities } from '../../../src/resources/boot-oddities.ts';
import { ExecResource } from '../../../src/resources/exec.ts';
import { Haproxy } from '../../../src/resources/haproxy.ts';
import { LocalIp } from '../../../src/resources/local-ip.ts';
import { LsbScript } from '../../../src/resources/lsb.ts';
import { OcfAgent } from '../../../src/resources/ocf.ts';
import { programOddities } from '../../../src/resources/program-oddities.ts';
import type { Oddity } from '../../../src/resources/resource-adapter.ts';
import { SupervisedProgram } from '../../../src/resources/supervised-program.ts';
import { parseUnit } from '../../../src/resources/systemd-unit.ts';

const limits = { deadlineMs: 10_000, signal: new AbortController().signal };
const ROOT = 0;
const SOMEBODY = 12_345;
const texts = (oddities: readonly Oddity[]) => oddities.map(({ text }) => text);

describe('what the doctor finds odd', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'oddities-test-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  function program(name: string, text = 'exit 0', mode = 0o755): string {
    const path = join(dir, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, mode);
    return path;
  }
  const timeouts = { startTimeoutMs: 5_000, stopTimeoutMs: 5_000, monitorTimeoutMs: 5_000 };
  const common = () => ({ id: 'web.it', cwd: dir, runDir: dir, env: {}, ...timeouts });

  describe('of a program', () => {
    it('is nothing where it is there, is run, and is root alone to change', async () => {
      expect(await programOddities('true', '/')).toEqual([]);
      expect(await programOddities('/usr/bin/env', '/')).toEqual([]);
    });

    it('is that it is missing, is no file, or may not be run', async () => {
      program('plain', '', 0o644);
      mkdirSync(join(dir, 'folder'));
      expect(texts(await programOddities('eipkeeper-no-such', '/'))).toEqual([
        'there is no program eipkeeper-no-such here',
      ]);
      expect(texts(await programOddities('./none', dir))).toEqual(['there is no program ./none here']);
      expect(texts(await programOddities('./folder', dir))).toEqual([`${join(dir, 'folder')} is no file`]);
      expect(texts(await programOddities('./plain', dir))).toEqual([`${join(dir, 'plain')} may not be run`]);
    });

    it.runIf(process.getuid?.() === ROOT)(
      'is that others than root could put another one there',
      async () => {
        const path = program('job');
        expect(await programOddities(path, '/', ROOT)).toEqual([]);
        chmodSync(path, 0o757);
        expect(texts(await programOddities(path, '/', ROOT))).toEqual([
          `${path} can be changed by everybody, and ${path} runs as root`,
        ]);
        // What does not run as root gives nobody anything that he has not.
        expect(await programOddities(path, '/', SOMEBODY)).toEqual([]);
        chmodSync(path, 0o755);
        chmodSync(dir, 0o777);
        expect(texts(await programOddities(path, '/', ROOT))[0]).toContain(
          `${dir} can be changed by everybody`,
        );
        chmodSync(dir, 0o1777);
        expect(await programOddities(path, '/', ROOT)).toEqual([]);
        chmodSync(dir, 0o755);
        chownSync(path, ROOT, SOMEBODY);
        chmodSync(path, 0o775);
        expect(texts(await programOddities(path, '/', ROOT))[0]).toContain(`by the group ${SOMEBODY}`);
        chownSync(path, SOMEBODY, ROOT);
        chmodSync(path, 0o755);
        expect(texts(await programOddities(path, '/', ROOT))[0]).toContain(`by the user ${SOMEBODY}`);
      },
    );

    it.runIf(process.getuid?.() === ROOT)('is also what a link in a safe place leads to', async () => {
      mkdirSync(join(dir, 'open'));
      const path = program('open/job');
      chmodSync(join(dir, 'open'), 0o777);
      symlinkSync(path, join(dir, 'link'));
      expect(texts(await programOddities(join(dir, 'link'), '/', ROOT))[0]).toContain(
        `${join(dir, 'open')} can be changed by everybody`,
      );
    });
  });

  it('of exec is each of its programs once', async () => {
    const missing = join(dir, 'none');
    const commands = { start: [missing, 'up'], stop: [missing, 'down'], monitor: ['true'] };
    const line = [`there is no program ${missing} here`];
    expect(texts(await new ExecResource({ ...common(), ...commands }).oddities())).toEqual(line);
    const run = { run: [missing], monitor: [] };
    expect(texts(await new SupervisedProgram({ ...common(), ...run }).oddities())).toEqual(line);
    const sound = { run: ['/usr/bin/tail', '-f', '/dev/null'], monitor: [] };
    expect(await new SupervisedProgram({ ...common(), ...sound }).oddities()).toEqual([]);
  });

  describe('of an init script', () => {
    const HEADER =
      '### BEGIN INIT INFO\n# Provides: it\n# Default-Start: 2 3 4 5\n# Default-Stop:\n### END INIT INFO';
    const lsb = (script: string) =>
      new LsbScript({ ...common(), script, atBoot: 'odd' }).oddities(limits).then(texts);

    it('is nothing where it has its header', async () => {
      expect(await lsb(program('it', HEADER))).toEqual([]);
    });

    it('is that its header is missing, or says less than is gone by', async () => {
      const without = program('it');
      expect(await lsb(without)).toEqual([`${without} has no LSB header (### BEGIN INIT INFO)`]);
      const half = program('half', HEADER.replace(/# Default-Start.*\n/, ''));
      expect(await lsb(half)).toEqual([expect.stringContaining('an LSB header without Default-Start')]);
      // Which `validate` tells.
      expect(await lsb(join(dir, 'none'))).toEqual([]);
    });
  });

  describe('of an agent', () => {
    const metadata = (...actions: readonly string[]) =>
      `cat <<'END'\n<resource-agent name="it"><parameters></parameters><actions>${actions
        .map((action) => `<action name="${action}"/>`)
        .join('')}</actions></resource-agent>\nEND`;
    const ocf = (text: string) => {
      mkdirSync(join(dir, 'resource.d', 'test'), { recursive: true });
      program('resource.d/test/it', text);
      const settings = { root: dir, provider: 'test', type: 'it', parameters: {}, checkLevel: 0 };
      return new OcfAgent({ ...common(), ...settings, validateAll: false }).oddities(limits).then(texts);
    };

    it('is that its meta-data names no action by which it could be run', async () => {
      expect(await ocf(metadata('start', 'stop', 'monitor', 'meta-data'))).toEqual([]);
      expect(await ocf(metadata('start', 'meta-data'))).toEqual([
        'its meta-data does not name the action stop and monitor',
      ]);
      expect(await ocf('exit 1')).toEqual([]);
    });
  });

  describe('of a local address', () => {
    const local = (changes: object) =>
      new LocalIp({
        address: '127.9.8.7',
        prefix: null,
        interface: null,
        broadcast: null,
        announce: 0,
        probe: false,
        ...changes,
      })
        .oddities(limits)
        .then(texts);
    const hasIp = (() => {
      try {
        return execFileSync('ip', ['-json', '-4', 'address', 'show', 'dev', 'lo']).includes('127.0.0.1');
      } catch {
        return false;
      }
    })();

    it('is that its interface is not there', async () => {
      expect(await local({ interface: 'eip-none0', prefix: 24 })).toEqual([
        'there is no interface eip-none0 here',
      ]);
    });

    it.runIf(hasIp)('is that its network is another than that of the interface', async () => {
      expect(await local({})).toEqual([]);
      expect(await local({ prefix: 8, interface: 'lo' })).toEqual([]);
      expect(await local({ prefix: 32 })).toEqual([]);
      expect(await local({ prefix: 24 })).toEqual([
        'it is given a network of /24 on lo, where 127.0.0.1 is in one of /8',
      ]);
    });
  });

  describe('of a unit that runs it', () => {
    const unit = (file: string) =>
      ({ kind: 'known', unit: parseUnit(`LoadState=loaded\nUnitFileState=${file}\n`) }) as const;

    it('is that it is enabled, unless that is what a warm standby wants', async () => {
      expect(texts(enabledOddities('haproxy.service', unit('enabled')))).toEqual([
        'haproxy.service is enabled, so it starts at boot on every node, leader or not',
      ]);
      expect(enabledOddities('haproxy.service', unit('disabled'))).toEqual([]);
      expect(
        enabledOddities('haproxy.service', { kind: 'unknown', reason: 'no systemd', absent: true }),
      ).toEqual([]);
      expect(await bootOddities('haproxy.service', 'welcome', limits)).toEqual([]);
      expect(await bootOddities(null, 'odd', limits)).toEqual([]);
      const settings = { config: '/none', binary: 'haproxy', unit: null, health: null, ...timeouts };
      expect(await new Haproxy(settings).oddities(limits)).toEqual([]);
    });
  });
});
