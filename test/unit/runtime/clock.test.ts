import { describe, expect, it } from 'vitest';
import { Clock } from '../../../src/runtime/clock.ts';

function machine() {
  const time = { monotonicMs: 5000, boottimeMs: 905_000, wallMs: 1_800_000_000_000 };
  const clock = new Clock({
    monotonicMs: () => time.monotonicMs,
    boottimeMs: () => Math.floor(time.boottimeMs / 10) * 10,
    wallMs: () => time.wallMs,
  });
  const run = (ms: number) => {
    time.monotonicMs += ms;
    time.boottimeMs += ms;
  };
  return { time, clock, run };
}

describe('the clock', () => {
  it('reports no suspension while both clocks run', () => {
    const { clock, run } = machine();
    for (let i = 0; i < 100; i++) {
      run(3.7);
      expect(clock.instant().suspendedMs).toBe(0);
    }
  });

  it('reports how long the machine was suspended', () => {
    const { time, clock, run } = machine();
    run(100);
    time.boottimeMs += 30_000;
    run(10);
    expect(clock.instant()).toEqual({ nowMs: 5110, suspendedMs: 30_000 });
  });

  it('adds up several suspensions and never takes one back', () => {
    const { time, clock, run } = machine();
    time.boottimeMs += 2000;
    run(10);
    expect(clock.instant().suspendedMs).toBe(2000);
    time.boottimeMs += 500;
    expect(clock.instant().suspendedMs).toBe(2500);
    time.boottimeMs -= 5000;
    expect(clock.instant().suspendedMs).toBe(2500);
  });

  it('does not take the steps of the boottime clock for a suspension', () => {
    const { time, clock } = machine();
    time.boottimeMs += 99;
    expect(clock.instant().suspendedMs).toBe(0);
  });

  it('does not see a suspension when it lost the processor between two readings', () => {
    const time = { ms: 0 };
    let steals = false;
    const clock = new Clock({
      boottimeMs: () => time.ms,
      monotonicMs: () => {
        if (steals) time.ms += 3000;
        return time.ms;
      },
      wallMs: () => 0,
    });
    steals = true;
    expect(clock.instant().suspendedMs).toBe(0);
    steals = false;
    expect(clock.instant().suspendedMs).toBe(0);
  });

  it('never runs backwards', () => {
    const { time, clock } = machine();
    const before = clock.instant().nowMs;
    time.monotonicMs -= 50;
    expect(clock.instant().nowMs).toBe(before);
  });

  it('is not moved by a step of the wall clock', () => {
    const { time, clock } = machine();
    time.wallMs += 3_600_000;
    expect(clock.instant()).toEqual({ nowMs: 5000, suspendedMs: 0 });
    expect(clock.wallMs()).toBe(1_800_003_600_000);
  });
});
