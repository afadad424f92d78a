import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  cgroupHierarchies,
  cgroupsOfUnits,
  inCgroup,
  isPopulated,
  killCgroup,
  makeCgroup,
} from '../../../src/resources/cgroup.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cgroup-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const version2 = (root = '/') => ({
  readMounts: () =>
    `24 1 0:5 / /proc rw - proc proc rw\n36 35 0:30 ${root} ${dir} rw,nosuid - cgroup2 cgroup2 rw\n`,
  readOwn: () => `0::${join(root, 'system.slice/eipkeeper.service')}\n`,
  readFirst: () => `0::${join(root, 'init.scope')}\n`,
});

describe('the hierarchies of control groups', () => {
  it('are found in version 2, where this process and where the slices are', () => {
    expect(cgroupHierarchies(version2())).toEqual([
      { own: `${dir}/system.slice/eipkeeper.service`, slices: dir },
    ]);
  });

  it('are found in a container that sees a part of the tree', () => {
    expect(cgroupHierarchies(version2('/pod/1'))).toEqual([
      { own: `${dir}/system.slice/eipkeeper.service`, slices: dir },
    ]);
  });

  it('are found in version 1, and beside it the second first', () => {
    const sources = {
      readMounts: () =>
        [
          '30 29 0:26 / /cg/memory rw - cgroup cgroup rw,memory',
          '31 29 0:27 / /cg/systemd rw - cgroup cgroup rw,xattr,name=systemd',
          '32 29 0:28 / /cg/unified rw - cgroup2 cgroup2 rw',
        ].join('\n'),
      readOwn: () => '4:memory:/x\n1:name=systemd:/system.slice/a.service\n0::/system.slice/a.service\n',
      readFirst: () => '1:name=systemd:/init.scope\n0::/init.scope\n',
    };
    expect(cgroupHierarchies(sources)).toEqual([
      { own: '/cg/unified/system.slice/a.service', slices: '/cg/unified' },
      { own: '/cg/systemd/system.slice/a.service', slices: '/cg/systemd' },
    ]);
  });

  it('may be none, which is said', () => {
    const sources = { readMounts: () => '', readOwn: () => '', readFirst: () => '' };
    expect(() => makeCgroup('web', sources)).toThrow('there is no hierarchy of control groups here');
  });

  it('keep units in slices, however deep', () => {
    for (const path of ['system.slice/db.service', 'a.slice/a-b.slice/web@1.service', 'x.scope/db.service'])
      mkdirSync(join(dir, path), { recursive: true });
    expect(cgroupsOfUnits(['db.service', 'web@1.service', 'gone.service'], version2()).toSorted()).toEqual([
      `${dir}/a.slice/a-b.slice/web@1.service`,
      `${dir}/system.slice/db.service`,
    ]);
  });
});

describe('a control group', () => {
  const sleeper = async () => {
    const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
    await once(child, 'spawn');
    return child;
  };

  it('of an older kernel is ended process by process, those below it too', async () => {
    const children = [await sleeper(), await sleeper()] as const;
    mkdirSync(join(dir, 'below'));
    writeFileSync(join(dir, 'cgroup.procs'), `${children[0].pid}\n`);
    writeFileSync(join(dir, 'below', 'cgroup.procs'), `${children[1].pid}\n`);
    expect(isPopulated(dir)).toBe(true);
    const ended = Promise.all(children.map((child) => once(child, 'exit')));
    expect(killCgroup(dir)).toEqual(children.map(({ pid }) => ({ pid, name: 'sleep' })));
    expect((await ended).map(([, signal]) => signal)).toEqual(['SIGKILL', 'SIGKILL']);
  });

  it('is asked whether anything lives in it as the kernel tells', () => {
    writeFileSync(join(dir, 'cgroup.events'), 'populated 0\nfrozen 0\n');
    expect(isPopulated(dir)).toBe(false);
    writeFileSync(join(dir, 'cgroup.events'), 'populated 1\nfrozen 0\n');
    expect(isPopulated(dir)).toBe(true);
    expect(isPopulated(join(dir, 'none'))).toBe(false);
  });

  it('is not ended by somebody who is in it himself', () => {
    writeFileSync(join(dir, 'cgroup.procs'), `${process.pid}\n`);
    expect(killCgroup(dir)).toEqual([]);
  });

  it('that cannot be entered keeps a command from running', async () => {
    const [program = '', ...words] = inCgroup(['/bin/touch', join(dir, 'ran')], join(dir, 'none'));
    const child = spawn(program, words, { stdio: 'ignore' });
    const [code] = await once(child, 'exit');
    expect(code).not.toBe(0);
    expect(isPopulated(dir)).toBe(false);
  });
});
