import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, vi } from 'vitest';
import { GuardFolder } from '../../src/guard/guard-folder.ts';
import { boottimeMs } from '../../src/resources/boottime.ts';
import { isPopulated, makeCgroup, removeCgroup } from '../../src/resources/cgroup.ts';
import {
  type ConfigurationDraft,
  clusterTest,
  type LoopbackCluster,
  type LoopbackNode,
  UNHURRIED,
  until,
} from '../support/loopback-cluster.ts';

/** Shorter than the defaults of exclusive groups, and calm enough for a machine that does other things too. */
const TIMINGS = {
  warntime: '1s',
  deadtime: '5s',
  lease: '5s',
  witnessTimeout: '500ms',
  stopTimeout: '2s',
};

const makeExclusive = (file: ConfigurationDraft): void => {
  file.groups.web.kind = 'exclusive';
  file.groups.web.timings = TIMINGS;
  file.timings.initdead = '6s';
};

const folderOf = (node: LoopbackNode) => new GuardFolder(join(node.dir, 'run', 'guard'));
const guardOf = (node: LoopbackNode): number => folderOf(node).lastLook()?.pid ?? 0;
const cgroupOf = (node: LoopbackNode): string => folderOf(node).readDuties()?.groups.web?.cgroup ?? '';
const endOf = (node: LoopbackNode): number => folderOf(node).readEnd('web') ?? 0;
const guardSaid = (node: LoopbackNode): string => {
  const { logPath } = folderOf(node);
  return existsSync(logPath) ? readFileSync(logPath, 'utf8') : '';
};

/** Looks again and again whether both serve; gives how often they did. */
function watchForTwoCopies({ nodes }: LoopbackCluster): () => Promise<number> {
  let seen = 0;
  let going = true;
  const watching = (async () => {
    while (going) {
      const counts = await Promise.all(nodes.map(async (node) => (await node.servicePids()).length));
      if (counts.every((count) => count > 0)) seen += 1;
      await sleep(20);
    }
  })();
  return async () => {
    going = false;
    await watching;
    return seen;
  };
}

function canMakeCgroups(): boolean {
  const name = `eipkeeper-test-${process.pid}`;
  try {
    removeCgroup(makeCgroup(name));
    return true;
  } catch {
    return false;
  }
}

vi.setConfig({ ...UNHURRIED, testTimeout: 150_000 });

describe.runIf(canMakeCgroups())('the guard of an exclusive group', () => {
  const guarded = clusterTest.extend({ settings: { configure: makeExclusive } });

  guarded(
    'ends the service of a frozen daemon before the peer starts its own',
    async ({ cluster, main, aux }) => {
      await cluster.startServing();
      expect(isPopulated(cgroupOf(main))).toBe(true);
      const twoCopies = watchForTwoCopies(cluster);
      main.daemon?.kill('SIGSTOP');
      await cluster.serves('aux');
      expect(await twoCopies()).toBe(0);
      expect(await main.servicePids()).toEqual([]);
      expect(guardSaid(main)).toMatch(/the right to run web ended.*killed tail \(\d+\)/);

      main.daemon?.kill('SIGCONT');
      await main.says(/the guard says: the right to run web ended/);
      await main.says('leader aux');
      expect(await main.servicePids()).toEqual([]);
      expect(guardSaid(aux)).not.toContain('killed');
    },
  );

  guarded(
    'ends the service of a daemon that was killed, and is ended itself by nothing',
    async ({ cluster, main }) => {
      await cluster.startServing();
      const guard = guardOf(main);
      const twoCopies = watchForTwoCopies(cluster);
      await main.ended('SIGKILL');
      await cluster.serves('aux');
      expect(await twoCopies()).toBe(0);
      expect(await main.servicePids()).toEqual([]);

      main.start();
      await main.says('leader aux');
      expect(guardOf(main)).toBe(guard);
    },
  );

  guarded('kills nothing in a switchover, a stop and a start', async ({ cluster, main, aux }) => {
    await cluster.startServing();
    expect(await main.command('switchover', '--to', 'aux')).toMatchObject({ code: 0 });
    await cluster.serves('aux');
    await until('main to have nothing to guard', async () => endOf(main) === 0);
    expect(await aux.ended('SIGTERM')).toBe(0);
    await cluster.serves('main');
    expect(endOf(aux)).toBe(0);
    aux.start();
    await until('the end to pass once more', async () => endOf(main) > boottimeMs() + 4_000);
    for (const node of cluster.nodes) expect(guardSaid(node)).not.toContain('killed');
  });

  guarded(
    'leaves alone what a daemon that was killed and comes back in time goes on with',
    async ({ cluster, main }) => {
      await cluster.startServing();
      const before = await cluster.service();
      await main.ended('SIGKILL');
      const told = endOf(main);
      main.start();
      await until('it to be told more', async () => endOf(main) > told);
      await until('the first end to be over', async () => boottimeMs() > told + 1_000);
      expect(await cluster.service()).toEqual(before);
      expect(guardSaid(main)).not.toContain('killed');
    },
  );

  guarded(
    'that was killed is started again and goes on from what was told last',
    async ({ cluster, main }) => {
      await cluster.startServing();
      const first = guardOf(main);
      process.kill(first, 'SIGKILL');
      await until('another guard', async () => guardOf(main) !== first);
      const second = guardOf(main);
      // Nobody is there to start a third, and none tells it anything.
      main.daemon?.kill('SIGSTOP');
      const told = endOf(main);
      await until('the service to be ended', async () => (await main.servicePids()).length === 0);
      expect(boottimeMs()).toBeGreaterThan(told - 1_000);
      expect(guardOf(main)).toBe(second);
    },
  );

  guarded('is told again when its folder was cleaned away', async ({ cluster, main }) => {
    await cluster.startServing();
    const before = await cluster.service();
    rmSync(folderOf(main).path, { recursive: true });
    await until('the folder to be back', async () => endOf(main) > 0);
    const told = endOf(main);
    await until('the end to be over', async () => boottimeMs() > told + 1_000);
    expect(await cluster.service()).toEqual(before);
  });

  guarded('that is missing keeps a node from leading, and says so', async ({ cluster, main, aux }) => {
    await cluster.startServing();
    process.kill(guardOf(aux), 'SIGKILL');
    // No other can say that it is there.
    rmSync(folderOf(aux).watchPath);
    mkdirSync(folderOf(aux).watchPath);
    await aux.says(/cannot lead.*its guard does not run/);
    expect(await aux.page()).toContain('its guard does not run');
    expect(await main.command('switchover', '--to', 'aux')).toMatchObject({ code: 107 });
    expect(cluster.holder()).toBe('main');
  });
});
