import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { resourceSchema, type ServiceResource } from '../../../src/config/resources-schema.ts';
import { GUARD_LEAD_MS } from '../../../src/core/guarded-end.ts';
import { GuardFolder } from '../../../src/guard/guard-folder.ts';
import { GuardedGroup } from '../../../src/guard/guarded-group.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import { inCgroup, isPopulated, makeCgroup, removeCgroup } from '../../../src/resources/cgroup.ts';

const NAME = `eipkeeper-test-group-${process.pid}`;

function whyNoCgroups(): string {
  try {
    removeCgroup(makeCgroup(NAME));
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe.skipIf(whyNoCgroups() !== '')('an exclusive group as its guard sees it', () => {
  let dir: string;
  let cgroup: string;
  let folder: GuardFolder;
  let nowMs: number;
  let lines: string[];
  const children: ChildProcess[] = [];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'guard-test-'));
    cgroup = makeCgroup(NAME);
    folder = new GuardFolder(dir);
    nowMs = 100_000;
    lines = [];
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await vi.waitFor(() => expect(isPopulated(cgroup)).toBe(false));
    removeCgroup(cgroup);
    rmSync(dir, { recursive: true, force: true });
  });

  const group = (...resources: readonly object[]) => {
    // As it comes out of the file of duties.
    const parsed = JSON.parse(JSON.stringify(resources.map((each) => resourceSchema.parse(each))));
    const duty = { cgroup, resources: parsed as ServiceResource[], runDir: dir };
    const log = createLogger({ level: 'info', format: 'text', write: (text) => void lines.push(text) });
    return new GuardedGroup({ name: 'web', duty, folder, boottimeMs: () => nowMs, log });
  };
  const tell = (endMs: number) => {
    const end = folder.openEnd('web');
    end.write(endMs);
    end.close();
  };
  const service = async (): Promise<ChildProcess> => {
    const [program = '', ...words] = inCgroup(['/bin/sleep', '600'], cgroup);
    const child = spawn(program, words, { stdio: 'ignore' });
    children.push(child);
    await vi.waitFor(() => expect(isPopulated(cgroup)).toBe(true));
    return child;
  };
  const lives = ({ exitCode, signalCode }: ChildProcess) => exitCode === null && signalCode === null;
  const ended = async (child: ChildProcess) => {
    if (lives(child)) await once(child, 'exit');
    return child.signalCode;
  };

  it('is ended when its end has come, not before, and told of', async () => {
    const child = await service();
    tell(107_000);
    const watched = group();
    expect(watched.look()).toBe(7_000 - GUARD_LEAD_MS);
    nowMs = 107_000 - GUARD_LEAD_MS - 1;
    expect(watched.look()).toBe(1);
    expect(lives(child)).toBe(true);
    nowMs += 1;
    watched.look();
    expect(await ended(child)).toBe('SIGKILL');
    const sentence = `the right to run web ended and its daemon had not stopped it: killed sleep (${child.pid})`;
    expect(lines[0]).toContain(sentence);
    expect(folder.takeDeed('web')).toBe(sentence);
    expect(folder.takeDeed('web')).toBeNull();
  });

  it('is ended earlier when an earlier end is told', async () => {
    const child = await service();
    tell(107_000);
    const watched = group();
    watched.look();
    tell(101_000);
    nowMs = 101_000;
    watched.look();
    expect(await ended(child)).toBe('SIGKILL');
  });

  it('is left alone as long as the end moves on, once it is stopped, and where nothing was told', async () => {
    const child = await service();
    const watched = group();
    watched.look();
    tell(101_000);
    watched.look();
    nowMs = 101_000;
    tell(107_000);
    watched.look();
    nowMs = 108_000;
    tell(0);
    watched.look();
    expect(lives(child)).toBe(true);
    expect(lines).toEqual([]);
  });

  it('goes by what was told last when that cannot be read any more', async () => {
    const child = await service();
    tell(101_000);
    const watched = group();
    watched.look();
    rmSync(folder.endPath('web'));
    nowMs = 101_000;
    watched.look();
    expect(await ended(child)).toBe('SIGKILL');
  });

  it('is ended by a guard that comes after the end', async () => {
    const child = await service();
    tell(90_000);
    group().look();
    expect(await ended(child)).toBe('SIGKILL');
    expect(lines[0]).toMatch(/the right to run web ended \d+ ms ago/);
  });

  it('is ended again when something of it starts after the end, and not after a new word', async () => {
    tell(90_000);
    const watched = group();
    watched.look();
    const late = await service();
    watched.look();
    expect(await ended(late)).toBe('SIGKILL');
    expect(lines.join('')).toContain('was started without the right to run it');
    tell(107_000);
    const rightful = await service();
    watched.look();
    expect(lives(rightful)).toBe(true);
  });

  it('has what is no process taken away by its own stop', async () => {
    const mark = join(dir, 'mounted');
    const mount = {
      exec: {
        name: 'mount',
        start: ['/bin/true'],
        stop: ['/bin/rm', mark],
        monitor: ['/bin/sh', '-c', `test -e ${mark} || exit 7`],
      },
    };
    const child = spawn('/bin/touch', [mark]);
    await once(child, 'exit');
    tell(90_000);
    const watched = group(mount);
    watched.look();
    await vi.waitFor(() => expect(existsSync(mark)).toBe(false), { timeout: 10_000 });
    await vi.waitFor(() => expect(watched.isQuiet).toBe(true), { timeout: 10_000 });
  });
});
