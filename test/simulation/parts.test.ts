import { describe, expect, it } from 'vitest';
import type { Incarnation, Term, TermRecord } from '../../src/core/types.ts';
import { AddressModel, FREE } from '../../src/simulation/address-model.ts';
import { EventQueue } from '../../src/simulation/event-queue.ts';
import { NodeClock } from '../../src/simulation/node-clock.ts';
import { Prng } from '../../src/simulation/prng.ts';
import { WitnessModel } from '../../src/simulation/witness-model.ts';

describe('the generator', () => {
  it('repeats itself for one seed and stream, and for no other', () => {
    const draw = (seed: number, stream: string): number[] => {
      const random = new Prng(seed, stream);
      return [random.next(), random.next(), random.next()];
    };
    expect(draw(7, 'network')).toEqual(draw(7, 'network'));
    expect(draw(7, 'network')).not.toEqual(draw(8, 'network'));
    expect(draw(7, 'network')).not.toEqual(draw(7, 'witness'));
  });

  it('spreads evenly over a range', () => {
    const random = new Prng(1, 'spread');
    const counts = new Array(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[random.below(10)]++;
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });
});

describe('the queue', () => {
  it('gives back what was put in by time, and by arrival at the same time', () => {
    const random = new Prng(3, 'queue');
    const queue = new EventQueue<{ atMs: number; order: number }>();
    for (let order = 0; order < 500; order++) {
      const atMs = random.below(50);
      queue.push(atMs, { atMs, order });
    }
    const out = Array.from({ length: 500 }, () => queue.pop());
    const sorted = [...out].sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    expect(out).toEqual(sorted);
    expect(queue.nextMs).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('the clocks of a machine', () => {
  it('count what was suspended apart from monotonic time', () => {
    const clock = new NodeClock(1.01, 500);
    clock.stand(1_000, 'suspended');
    expect(clock.at(3_000)).toEqual({ nowMs: 1_510, suspendedMs: 2_020 });
    clock.run(3_000);
    expect(clock.at(4_000).nowMs).toBeCloseTo(2_520);
    expect(clock.virtualOf(clock.at(4_000).nowMs)).toBeCloseTo(4_000);
  });

  it('notice nothing of a time in which both stood still', () => {
    const clock = new NodeClock(1, 0);
    clock.stand(1_000, 'stopped');
    clock.run(9_000);
    expect(clock.at(10_000)).toEqual({ nowMs: 2_000, suspendedMs: 0 });
  });
});

describe('the witness', () => {
  const record = (term: number, owner: string): TermRecord => ({
    group: 'web',
    term: term as Term,
    owner,
    incarnation: '0123456789abcdef' as Incarnation,
    leases: {},
    members: ['main', 'aux'],
    reason: 'takeover',
  });

  it('gives a term to one node only', () => {
    const witness = new WitnessModel();
    expect(witness.create(record(1, 'main'), 10).type).toBe('term-created');
    expect(witness.create(record(1, 'aux'), 20).type).toBe('term-exists');
    expect(witness.record(1)?.owner).toBe('main');
  });

  it('shows a stale reader the terms of before', () => {
    const witness = new WitnessModel();
    witness.create(record(1, 'main'), 10);
    witness.create(record(2, 'aux'), 20);
    expect(witness.newest(15, 15)).toMatchObject({ type: 'newest-term', record: record(1, 'main') });
    expect(witness.read(2 as Term, 15)).toEqual({ type: 'term-record', record: null });
  });
});

describe('the address', () => {
  it('is not hurt by the release of an older association', () => {
    const address = new AddressModel({ holder: 0, refusesOwnHolder: false });
    const before = address.now.id;
    address.take(1, 10);
    address.release(before, 20);
    expect(address.now.holder).toBe(1);
  });

  it('is taken without reassociation only when it is free', () => {
    const address = new AddressModel({ holder: 0, refusesOwnHolder: false });
    expect(address.takeFree(1, 10)).toBeNull();
    address.release(address.now.id, 20);
    expect(address.takeFree(1, 30)?.holder).toBe(1);
    expect(address.seenAt(25).holder).toBe(FREE);
  });
});
