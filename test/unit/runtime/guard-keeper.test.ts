import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { authorityUntil } from '../../../src/core/authority.ts';
import { GuardFolder } from '../../../src/guard/guard-folder.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import { boottimeMs } from '../../../src/resources/boottime.ts';
import { removeCgroup } from '../../../src/resources/cgroup.ts';
import { GuardKeeper, guardDirectory } from '../../../src/runtime/guard-keeper.ts';
import { leaderOf, type OneNode } from '../../support/one-node.ts';

describe("the daemon's side of the guard", () => {
  let dir: string;
  let folder: GuardFolder;
  let launches: number;
  let refusal: string;
  const lines: string[] = [];
  const keepers: GuardKeeper[] = [];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'keeper-test-'));
    folder = new GuardFolder(join(dir, 'guard'));
    launches = 0;
    refusal = '';
    lines.length = 0;
  });
  afterEach(() => {
    for (const keeper of keepers.splice(0)) {
      const { cgroup } = keeper.confinement('web')!;
      if (cgroup !== null) removeCgroup(cgroup);
      keeper.close();
    }
    rmSync(dir, { recursive: true, force: true });
  });

  const keep = async (directory = join(dir, 'guard'), onChange = () => {}): Promise<GuardKeeper> => {
    const keeper = new GuardKeeper({
      directory,
      groups: { web: { resources: [], runDir: dir } },
      environment: {},
      log: createLogger({ level: 'info', format: 'text', write: (text) => void lines.push(text) }),
      launch: async () => {
        launches += 1;
        return refusal;
      },
    });
    keepers.push(keeper);
    await keeper.start(onChange);
    return keeper;
  };
  /** A boottime that runs 5 s ahead of what the core calls own time. */
  const clockOf = (node: OneNode) => ({ boottimeMs: () => node.nowMs + 5_000, instant: () => node.at });
  const looks = () => {
    const watch = folder.openWatch();
    watch.write(boottimeMs());
    watch.close();
  };

  it('tells the end of authority in boottime, and when it changes', async () => {
    const keeper = await keep();
    const node = leaderOf(6);
    expect(folder.readEnd('web')).toBe(0);
    keeper.tell(node.state, clockOf(node));
    expect(folder.readEnd('web')).toBe(Math.trunc(authorityUntil(node.state, node.group) + 5_000));
    node.passGranted('aux', 4_000);
    keeper.tell(node.state, clockOf(node));
    expect(folder.readEnd('web')).toBe(Math.trunc(authorityUntil(node.state, node.group) + 5_000));
    node.group.services.mayRun = false;
    keeper.tell(node.state, clockOf(node));
    expect(folder.readEnd('web')).toBe(0);
  });

  it('leaves the word of an earlier daemon until it has one of its own', async () => {
    const node = leaderOf(6);
    (await keep()).tell(node.state, clockOf(node));
    const told = folder.readEnd('web');
    const next = await keep();
    node.hearLeader('aux', 7);
    next.tell(node.state, clockOf(node));
    expect(folder.readEnd('web')).toBe(told);
  });

  it('lets nothing be started after the end that the guard knows, or before there was one', async () => {
    const keeper = await keep();
    const { whyNotStart, cgroup } = keeper.confinement('web')!;
    if (cgroup === null) return expect(whyNotStart()).toContain('no control group could be made');
    expect(whyNotStart()).toBe('the right to run it has ended');
    const end = folder.openEnd('web');
    end.write(boottimeMs() + 60_000);
    expect(whyNotStart()).toBe('');
    end.write(boottimeMs() - 20);
    expect(whyNotStart()).toBe('the right to run it has ended');
    end.close();
  });

  it('confines nothing but exclusive groups', async () => {
    expect((await keep()).confinement('other')).toBeNull();
  });

  it('starts a guard, and says why there is none', async () => {
    refusal = 'Unit eipkeeper-guard.service is masked.';
    const onChange = vi.fn();
    const keeper = await keep(undefined, onChange);
    if (keeper.confinement('web')?.cgroup === null) return;
    await vi.waitFor(() =>
      expect(keeper.problemOf('web')).toMatch(
        /^its guard does not run: Unit eipkeeper-guard.service is masked/,
      ),
    );
    expect(launches).toBe(1);
    looks();
    await vi.waitFor(() => expect(keeper.problemOf('web')).toBe(''), { timeout: 5_000 });
    expect(onChange).toHaveBeenCalled();
  });

  it('starts none where one looks', async () => {
    await keep();
    looks();
    launches = 0;
    await keep();
    expect(launches).toBe(0);
  });

  it('meets the guard beside the control socket, or where the unit of the guard looks', () => {
    const socket = '/srv/a/eipkeeper.sock';
    expect(guardDirectory(socket, { RUNTIME_DIRECTORY: '/run/something' })).toBe('/srv/a/guard');
    const unit = { EIPKEEPER_GUARD_UNIT: 'g.service', RUNTIME_DIRECTORY: '/run/eipkeeper' };
    expect(guardDirectory(socket, unit)).toBe('/run/eipkeeper/guard');
  });

  it('repeats what the guard did, once', async () => {
    await keep();
    folder.writeDeed('web', 'killed sleep (7)');
    await vi.waitFor(() => expect(lines.join('')).toContain('the guard says: killed sleep (7)'), {
      timeout: 5_000,
    });
    expect(folder.takeDeed('web')).toBeNull();
  });

  it('keeps the group from being led where it can tell nothing', async () => {
    writeFileSync(join(dir, 'taken'), '');
    const keeper = await keep(join(dir, 'taken', 'guard'));
    expect(keeper.problemOf('web')).toMatch(/its guard cannot be told anything|no control group/);
  });
});
