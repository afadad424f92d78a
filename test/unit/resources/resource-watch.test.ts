import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { type ProcessEntry, readProcess } from '../../../src/resources/process-table.ts';
import {
  failedState,
  type ResourceAdapter,
  type ResourceState,
  RUNNING,
  STOPPED,
  unhealthyState,
} from '../../../src/resources/resource-adapter.ts';
import { ResourceWatch, type WatchSettings } from '../../../src/resources/resource-watch.ts';

const SOON: WatchSettings = { intervalMs: 20, timeoutMs: 20 };
const WAIT = { timeout: 15_000 };
const NEVER: WatchSettings = { intervalMs: 3_600_000, timeoutMs: 1_000 };

describe('the watch over a resource', () => {
  let watch: ResourceWatch | null = null;
  let child: ChildProcess | null = null;
  afterEach(() => {
    watch?.end();
    child?.kill('SIGKILL');
  });

  function watching(
    monitor: ResourceAdapter['monitor'],
    settings = SOON,
    processes?: readonly ProcessEntry[],
  ) {
    const unwell: string[] = [];
    const blind: string[] = [];
    const never = () => Promise.reject(new Error('nobody asked for this'));
    const calls = { monitor, start: never, stop: never, validate: never };
    const resource: ResourceAdapter = {
      name: 'web',
      ...calls,
      ...(processes === undefined ? {} : { processes }),
    };
    watch = new ResourceWatch(resource, settings, {
      onUnwell: (reason) => unwell.push(reason),
      onBlind: (reason) => blind.push(reason),
    });
    watch.begin();
    return { watch, unwell, blind };
  }

  it('tells that it is unwell at every look, and that it is well again by silence', async () => {
    let state: ResourceState = unhealthyState('web: answered 500');
    const seen = watching(async () => state);
    await expect.poll(() => seen.unwell.length, WAIT).toBeGreaterThan(2);
    expect(new Set(seen.unwell)).toEqual(new Set(['web: answered 500']));
    state = RUNNING;
    await expect.poll(() => seen.watch.verdict, WAIT).toEqual(RUNNING);
  });

  it('says that it is blind once, and neither well nor unwell meanwhile', async () => {
    let looks = 0;
    const seen = watching(async () => {
      looks += 1;
      return failedState(`web: the check cannot be run`);
    });
    await expect.poll(() => looks, WAIT).toBeGreaterThan(3);
    expect(seen.blind).toEqual(['web: the check cannot be run']);
    expect(seen.unwell).toEqual([]);
    expect(seen.watch.verdict).toEqual(RUNNING);
  });

  it('takes a monitor that throws for one that cannot run', async () => {
    const seen = watching(() => Promise.reject(new Error('boom')));
    await expect.poll(() => seen.blind, WAIT).toEqual(['web: boom']);
  });

  it('believes the monitor, not a process table that cannot be read', async () => {
    const own = (await readProcess(process.pid)) as ProcessEntry;
    let looks = 0;
    const monitor = async (): Promise<ResourceState> => {
      looks += 1;
      return RUNNING;
    };
    const seen = watching(monitor, NEVER, [{ ...own, startTicks: -1 }]);
    await expect.poll(() => looks, WAIT).toBeGreaterThan(1);
    expect(seen.unwell).toEqual([]);
    expect(seen.watch.verdict).toEqual(RUNNING);
  });

  it('never asks twice at a time', async () => {
    let asked = 0;
    watching(() => {
      asked += 1;
      return new Promise(() => {});
    });
    await expect.poll(() => asked, WAIT).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(asked).toBe(1);
  });

  it('looks at once when its process ends, however long the interval', async () => {
    child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const entry = (await readProcess(child.pid ?? 0))!;
    const seen = watching(async () => STOPPED, NEVER, [entry]);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(seen.unwell).toEqual([]);
    child.kill('SIGKILL');
    await expect.poll(() => seen.unwell, WAIT).toEqual(['web: it has ended']);
  });

  it('looks for a dead process ten times a second at the most where the daemon is awake more often', async () => {
    child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const { pid, startTicks } = (await readProcess(child.pid ?? 0))!;
    const times: number[] = [];
    const entry = {
      startTicks,
      get pid() {
        times.push(performance.now());
        return pid;
      },
    } as ProcessEntry;
    const seen = watching(async () => STOPPED, NEVER, [entry]);
    const awake = setInterval(() => seen.watch.glance(), 10);
    try {
      await expect.poll(() => times.length, WAIT).toBeGreaterThan(4);
    } finally {
      clearInterval(awake);
    }
    const gaps = times.slice(1).map((time, i) => time - times[i]!);
    expect(Math.min(...gaps)).toBeGreaterThan(75);
    seen.watch.end();
    const looks = times.length;
    seen.watch.glance();
    expect(times.length).toBe(looks);
  });

  it('says nothing any more once it has ended, and calls off the look that is under way', async () => {
    let signal: AbortSignal | null = null;
    let answer: (state: ResourceState) => void = () => {};
    const seen = watching((limits) => {
      signal = limits.signal;
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    await expect.poll(() => signal, WAIT).not.toBeNull();
    seen.watch.end();
    expect(signal!.aborted).toBe(true);
    answer(STOPPED);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seen.unwell).toEqual([]);
    expect(seen.watch.verdict).toBeNull();
  });
});
