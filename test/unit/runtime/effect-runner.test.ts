import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Call, CallEffect } from '../../../src/core/effects.ts';
import type { CallResult } from '../../../src/core/events.ts';
import { NO_TERM } from '../../../src/core/types.ts';
import { type CallPerformer, EffectRunner } from '../../../src/runtime/effect-runner.ts';

let nextId = 1;
const effect = (call: Call, deadlineMs = 1000, group = 'web'): CallEffect => ({
  ...call,
  id: nextId++,
  group,
  deadlineMs,
});

interface Asked {
  readonly call: CallEffect;
  readonly signal: AbortSignal;
  readonly answer: (result: CallResult) => void;
}

function machine() {
  const asked: Asked[] = [];
  const results: { id: number; result: CallResult }[] = [];
  const perform: CallPerformer = (call, signal) =>
    new Promise((answer) => asked.push({ call, signal, answer }));
  const runner = new EffectRunner({
    send: () => {},
    witness: perform,
    cloud: perform,
    services: perform,
    onResult: (id, result) => results.push({ id, result }),
    persist: () => {},
    answer: () => {},
    exit: () => {},
    note: () => {},
  });
  return { runner, asked, results, perform };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

describe('the effect runner', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('answers a call once, with what its performer answered', async () => {
    const { runner, asked, results } = machine();
    const call = effect({ type: 'read-newest', known: NO_TERM });
    runner.perform(call);
    await settle();
    asked[0]!.answer({ type: 'newest-term', record: null });
    await vi.advanceTimersByTimeAsync(5000);
    expect(results).toEqual([{ id: call.id, result: { type: 'newest-term', record: null } }]);
  });

  it('answers "unknown" soon after the deadline although the performer never returns, and calls it off', async () => {
    const { runner, asked, results } = machine();
    const call = effect({ type: 'take-address' }, 400);
    runner.perform(call);
    await vi.advanceTimersByTimeAsync(399);
    expect(results).toEqual([]);
    await vi.advanceTimersByTimeAsync(26);
    expect(results).toMatchObject([{ id: call.id, result: { type: 'failed', failure: 'unknown' } }]);
    expect(asked[0]!.signal.aborted).toBe(true);
    asked[0]!.answer({ type: 'address-moved', associationId: 'eipassoc-1' });
    await settle();
    expect(results).toHaveLength(1);
  });

  it('answers "unknown" when a performer throws', async () => {
    const { runner, results } = machine();
    const throwing = new EffectRunner({
      ...Object.fromEntries(['send', 'persist', 'answer', 'exit', 'note'].map((key) => [key, () => {}])),
      witness: () => {
        throw new Error('boom');
      },
      onResult: (id: number, result: CallResult) => results.push({ id, result }),
    } as unknown as ConstructorParameters<typeof EffectRunner>[0]);
    throwing.perform(effect({ type: 'read-term', term: NO_TERM }));
    await settle();
    expect(results).toMatchObject([
      { result: { type: 'failed', failure: 'unknown', reason: 'read-term: boom' } },
    ]);
    runner.close();
  });

  it('never queues a move behind a reading', async () => {
    const { runner, asked } = machine();
    runner.perform(effect({ type: 'describe-address' }));
    runner.perform(effect({ type: 'take-address' }));
    await settle();
    expect(asked.map(({ call }) => call.type)).toEqual(['describe-address', 'take-address']);
  });

  it('runs the service calls of one group one after another, those of two groups side by side', async () => {
    const { runner, asked } = machine();
    runner.perform(effect({ type: 'check-services' }));
    runner.perform(effect({ type: 'check-services' }));
    runner.perform(effect({ type: 'check-services' }, 1000, 'mail'));
    await settle();
    expect(asked.map(({ call }) => call.group)).toEqual(['web', 'mail']);
    asked[0]!.answer({ type: 'services-state', running: true });
    await settle();
    expect(asked.map(({ call }) => call.group)).toEqual(['web', 'mail', 'web']);
  });

  it('calls a running start off when a stop is asked, and begins the stop when the start has ended', async () => {
    const { runner, asked, results } = machine();
    runner.perform(effect({ type: 'start-services' }));
    await settle();
    runner.perform(effect({ type: 'stop-services' }));
    await settle();
    expect(asked[0]!.signal.aborted).toBe(true);
    expect(asked).toHaveLength(1);
    asked[0]!.answer({ type: 'services-failed', reason: 'nginx: its start was called off' });
    await settle();
    expect(asked.map(({ call }) => call.type)).toEqual(['start-services', 'stop-services']);
    asked[1]!.answer({ type: 'services-stopped' });
    await settle();
    expect(results.map(({ result }) => result.type)).toEqual(['services-failed', 'services-stopped']);
  });

  it('never begins a start that still waits when a stop is asked, and begins one that is asked later', async () => {
    const { runner, asked, results } = machine();
    runner.perform(effect({ type: 'check-services' }));
    await settle();
    const called = effect({ type: 'start-services' });
    runner.perform(called);
    runner.perform(effect({ type: 'stop-services' }));
    runner.perform(effect({ type: 'start-services' }));
    await settle();
    asked[0]!.answer({ type: 'services-failed', reason: 'nginx: the look was called off' });
    await settle();
    expect(asked.map(({ call }) => call.type)).toEqual(['check-services', 'stop-services']);
    expect(results.find(({ id }) => id === called.id)?.result).toMatchObject({ failure: 'not-sent' });
    asked[1]!.answer({ type: 'services-stopped' });
    await settle();
    expect(asked.at(-1)?.call.type).toBe('start-services');
    expect(asked.at(-1)?.signal.aborted).toBe(false);
  });

  it('does not call a stop off for a start', async () => {
    const { runner, asked } = machine();
    runner.perform(effect({ type: 'stop-services' }));
    await settle();
    runner.perform(effect({ type: 'start-services' }));
    await settle();
    expect(asked).toHaveLength(1);
    expect(asked[0]!.signal.aborted).toBe(false);
  });

  it('does not let a performer that hangs block the group for good', async () => {
    const { runner, asked, results } = machine();
    runner.perform(effect({ type: 'start-services' }, 200));
    await vi.advanceTimersByTimeAsync(200);
    const stop = effect({ type: 'stop-services' }, 10_000);
    runner.perform(stop);
    await vi.advanceTimersByTimeAsync(3000);
    expect(asked.map(({ call }) => call.type)).toEqual(['start-services', 'stop-services']);
    asked[1]!.answer({ type: 'services-stopped' });
    await settle();
    expect(results.at(-1)).toEqual({ id: stop.id, result: { type: 'services-stopped' } });
  });

  it('refuses what is beyond its bound, as not sent', async () => {
    const { runner, results } = machine();
    for (let i = 0; i < 256; i++) runner.perform(effect({ type: 'describe-address' }));
    const beyond = effect({ type: 'take-address' });
    runner.perform(beyond);
    await settle();
    expect(results).toMatchObject([{ id: beyond.id, result: { type: 'failed', failure: 'not-sent' } }]);
    runner.close();
  });

  it('answers nothing after it was closed', async () => {
    const { runner, asked, results } = machine();
    runner.perform(effect({ type: 'take-address' }));
    await settle();
    runner.close();
    expect(asked[0]!.signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(5000);
    expect(results).toEqual([]);
  });

  it('leaves a start of services that is half done alone when it is closed', async () => {
    const { runner, asked } = machine();
    runner.perform(effect({ type: 'start-services' }));
    await settle();
    runner.close();
    expect(asked[0]!.signal.aborted).toBe(false);
  });
});
