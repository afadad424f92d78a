import { createSocket } from 'node:dgram';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Effect } from '../../../src/core/effects.ts';
import type { CoreEvent } from '../../../src/core/events.ts';
import type { PeerMessage } from '../../../src/core/message.ts';
import type { Incarnation } from '../../../src/core/types.ts';
import { type Arrival, EventLoop, type LoopTimers } from '../../../src/runtime/event-loop.ts';

const datagram = (beat: number): Arrival => ({
  type: 'message',
  from: 'aux',
  incarnation: '00000000000000aa' as Incarnation,
  path: 0,
  message: { beat } as PeerMessage,
});

/** A loop whose timers and turns are moved by hand. */
function machine(options: { step?: (event: CoreEvent) => Effect[] } = {}) {
  const world = { nowMs: 1000, wakeMs: Number.POSITIVE_INFINITY, turns: 0 };
  const events: CoreEvent[] = [];
  const performed: Effect[] = [];
  const crashes: unknown[] = [];
  let timer: { callback: () => void; atMs: number } | null = null;
  let afterSockets: (() => void)[] = [];
  const timers: LoopTimers = {
    setTimer: (callback, delayMs) => {
      timer = { callback, atMs: world.nowMs + delayMs };
      return timer;
    },
    clearTimer: (cleared) => {
      if (timer === cleared) timer = null;
    },
    afterSockets: (callback) => afterSockets.push(callback),
  };
  const loop = new EventLoop({
    step: (event) => {
      events.push(event);
      return options.step?.(event) ?? [];
    },
    nextWakeMs: () => world.wakeMs,
    instant: () => ({ nowMs: world.nowMs, suspendedMs: 0 }),
    nowMs: () => world.nowMs,
    perform: (effect) => performed.push(effect),
    onTurn: () => {
      world.turns += 1;
    },
    onCrash: (error) => crashes.push(error),
    timers,
  });
  /** One turn of Node's loop behind the sockets. */
  const turn = () => {
    const callbacks = afterSockets;
    afterSockets = [];
    for (const callback of callbacks) callback();
  };
  const fire = (lateMs = 0) => {
    if (timer === null) throw new Error('no timer is set');
    const { callback, atMs } = timer;
    world.nowMs = atMs + lateMs;
    timer = null;
    callback();
  };
  return { world, loop, events, performed, crashes, turn, fire, timerAtMs: () => timer?.atMs ?? null };
}

const typesOf = (events: readonly CoreEvent[]) =>
  events.map((event) => (event.type === 'message' ? event.message.beat : event.type));

describe('the event loop', () => {
  it('begins with a tick, from which the first effects come', () => {
    const { loop, events, turn } = machine();
    loop.start();
    turn();
    expect(typesOf(events)).toEqual(['tick']);
  });

  it('takes events in in the order of their arrival, with the time of their arrival', () => {
    const { world, loop, events, turn } = machine();
    loop.start();
    world.nowMs = 1010;
    loop.push(datagram(1));
    world.nowMs = 1020;
    loop.push(datagram(2));
    world.nowMs = 1500;
    turn();
    expect(events.map((event) => event.at.nowMs)).toEqual([1000, 1010, 1020]);
  });

  it('performs the effects of one event before it takes in the next', () => {
    const order: string[] = [];
    const { loop, turn, performed } = machine({
      step: (event) => {
        order.push(`${event.type} after ${performed.length}`);
        return [{ type: 'exit', code: 0, reason: '' }];
      },
    });
    loop.start();
    loop.push({ type: 'call-result', id: 1, result: { type: 'term-created' } });
    turn();
    expect(order).toEqual(['tick after 0', 'call-result after 1']);
  });

  it('sets its one timer to when the core wants to be woken', () => {
    const { world, loop, turn, fire, events, timerAtMs } = machine();
    loop.start();
    world.wakeMs = 1080.3;
    turn();
    expect(timerAtMs()).toBe(1081);
    fire();
    turn();
    expect(typesOf(events)).toEqual(['tick', 'tick']);
  });

  it('turns every second although nothing happens', () => {
    const { loop, turn, timerAtMs } = machine();
    loop.start();
    turn();
    expect(timerAtMs()).toBe(2000);
  });

  it('never spins: a wake-up in the past is at least a millisecond away', () => {
    const { world, loop, turn, timerAtMs } = machine();
    world.wakeMs = 0;
    loop.start();
    turn();
    expect(timerAtMs()).toBe(1001);
  });

  it('after a late timer takes in every waiting datagram before it judges time', () => {
    const { loop, turn, fire, events } = machine();
    loop.start();
    turn();
    fire(5000);
    loop.push(datagram(1));
    turn();
    loop.push(datagram(2));
    turn();
    loop.push({ type: 'call-result', id: 1, result: { type: 'term-created' } });
    turn();
    turn();
    expect(typesOf(events)).toEqual(['tick', 1, 2, 'call-result', 'tick']);
  });

  it('judges at last under a flood that never ends', () => {
    const { loop, turn, fire, events } = machine();
    loop.start();
    turn();
    fire(5000);
    for (let i = 0; i < 100; i++) {
      loop.push(datagram(i));
      turn();
    }
    expect(typesOf(events)).toContain('tick');
    expect(events.findLastIndex((event) => event.type === 'tick')).toBeGreaterThan(10);
  });

  it('drops datagrams beyond its bound, and no answer', () => {
    const { loop, events, turn } = machine();
    loop.start();
    for (let i = 0; i < 10_000; i++) loop.push(datagram(i));
    loop.push({ type: 'call-result', id: 1, result: { type: 'term-created' } });
    turn();
    expect(events.length).toBe(4097);
    expect(events.at(-1)?.type).toBe('call-result');
    expect(loop.droppedDatagrams).toBe(5905);
  });

  it('reports how late its timers were', () => {
    const { loop, turn, fire } = machine();
    loop.start();
    turn();
    fire(3);
    turn();
    fire(700);
    const { buckets, sum } = loop.lateness.read();
    expect(Object.fromEntries(buckets)).toMatchObject({ '0.005': 1, '0.5': 1, '1': 2, '+Inf': 2 });
    expect(sum).toBeCloseTo(0.703);
  });

  it('reports a completed turn only after the core took everything in', () => {
    const { loop, turn, world, crashes } = machine({
      step: () => {
        throw new Error('a bug');
      },
    });
    loop.start();
    turn();
    expect(world.turns).toBe(0);
    expect(crashes).toHaveLength(1);
  });

  it('does nothing more once it is closed, also in the middle of a turn', () => {
    const { loop, turn, events, timerAtMs } = machine({
      step: () => {
        loop.close();
        return [];
      },
    });
    loop.start();
    loop.push(datagram(1));
    turn();
    expect(typesOf(events)).toEqual(['tick']);
    expect(timerAtMs()).toBeNull();
  });
});

describe('on Node itself', () => {
  const receiver = createSocket('udp4');
  const sender = createSocket('udp4');
  beforeEach(() => new Promise<void>((resolve) => receiver.bind(0, '127.0.0.1', resolve)));
  afterEach(() => {
    receiver.close();
    sender.close();
  });

  it('hears what was sent to it during a freeze before it judges the silence', async () => {
    const events: CoreEvent[] = [];
    const loop = new EventLoop({
      step: (event) => {
        events.push(event);
        return [];
      },
      nextWakeMs: () => performance.now() + 20,
      instant: () => ({ nowMs: performance.now(), suspendedMs: 0 }),
      nowMs: () => performance.now(),
      perform: () => {},
      onTurn: () => {},
      onCrash: (error) => {
        throw error;
      },
    });
    receiver.on('message', (data) => loop.push(datagram(data[0] ?? 0)));
    loop.start();
    await expect.poll(() => events.length).toBeGreaterThan(1);
    await new Promise<void>((resolve) => sender.connect(receiver.address().port, '127.0.0.1', resolve));
    // Frozen in the phase of Node's loop after which the timers come first; the datagrams are on their way.
    await new Promise<void>((resolve) =>
      setImmediate(() => {
        for (let i = 0; i < 100; i++) sender.send(Uint8Array.of(i));
        events.length = 0;
        const frozenUntilMs = performance.now() + 120;
        while (performance.now() < frozenUntilMs);
        resolve();
      }),
    );
    await expect.poll(() => events.some((event) => event.type === 'tick')).toBe(true);
    loop.close();
    const types = typesOf(events);
    const judgedAt = types.indexOf('tick');
    expect(types.slice(0, judgedAt)).toHaveLength(100);
  });
});
