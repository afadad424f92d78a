import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repeatWhenStarved } from '../support/netns/repeat-when-starved.ts';
import { type StarvationGauge, startStarvationGauge } from '../support/netns/starvation.ts';
import { waitFor } from '../support/netns/wait-for.ts';

const WINDOW_MS = 1_000;
const BUSY = ['-c', '0', 'sh', '-c', 'while :; do :; done'];

describe('a starved machine', () => {
  let gauge: StarvationGauge;
  let children: ChildProcess[];

  beforeEach(() => {
    gauge = startStarvationGauge();
    children = [];
  });
  afterEach(async () => {
    gauge.close();
    for (const child of children) {
      child.kill('SIGKILL');
      if (child.signalCode === null) await once(child, 'exit');
    }
  });

  const start = async (program: string, args: readonly string[]): Promise<number> => {
    const child = spawn(program, args, { stdio: 'ignore' });
    children.push(child);
    await once(child, 'spawn');
    return child.pid!;
  };

  /** One that fails, with something that waited so long each time; how often it was tried. */
  const attempts = async (waitedMs: number): Promise<number> => {
    let made = 0;
    const failing = repeatWhenStarved({
      name: 'the test of repetition',
      gauge,
      windowMs: WINDOW_MS,
      attempt: async () => {
        made += 1;
        gauge.note('somebody', waitedMs);
        throw new Error('it failed');
      },
      complaintAbout: () => '',
    });
    await expect(failing).rejects.toThrow('it failed');
    return made;
  };

  it('is told by a process that three others keep from its CPU, not by one that sleeps', async () => {
    gauge.watch('the sleeping one', await start('sleep', ['60']));
    const [first] = await Promise.all(Array.from({ length: 4 }, () => start('taskset', BUSY)));
    gauge.watch('the busy one', first!);
    const starving = () => {
      const worst = gauge.starvation(WINDOW_MS);
      gauge.forget();
      return worst?.who === 'the busy one';
    };
    await waitFor('starvation', starving, { withinMs: 15_000, everyMs: WINDOW_MS });
  });

  it('excuses a failure twice, and no third time', async () => {
    expect(await attempts(WINDOW_MS)).toBe(3);
  });

  it('excuses nothing where nobody waited for half of the window', async () => {
    // The gauge would see the machine that runs these tests, too.
    gauge.close();
    expect(await attempts(WINDOW_MS / 3)).toBe(1);
  });
});
