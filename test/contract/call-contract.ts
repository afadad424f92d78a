import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import type { Call } from '../../src/core/effects.ts';
import type { CallResult } from '../../src/core/events.ts';
import type { Incarnation, Term, TermRecord } from '../../src/core/types.ts';

/** Whoever performs the core's calls: the adapters over a backend, or the models of the simulator. */
export type Perform = (node: 'main' | 'aux', call: Call) => Promise<CallResult> | CallResult;

const recordOf = (term: number, owner: string): TermRecord => ({
  group: 'web',
  term: term as Term,
  owner,
  incarnation: '0123456789abcdef' as Incarnation,
  leases: owner === 'main' ? { aux: 3_000 } : { main: 3_000 },
  members: ['main', 'aux'],
  reason: 'takeover',
});

/**
 * What the core relies on, in its own words. One suite for the simulator, the emulator and LocalStack: what was
 * proved in the first holds with the others as far as these facts go.
 */
export function describeCallContract(
  name: string,
  open: () => Promise<Perform> | Perform,
  missing: () => string = () => '',
): void {
  describe(`the core's calls, performed by ${name}`, () => {
    let perform: Perform;
    let term = 0;
    beforeAll(async () => {
      if (missing() === '') perform = await open();
    }, 120_000);
    const ready = (context: TestContext) => {
      if (missing() !== '') context.skip(missing());
    };

    it('a term has one owner: the second create of a name is refused, whoever asks', async (context) => {
      ready(context);
      expect(await perform('main', { type: 'create-term', record: recordOf(1, 'main') })).toEqual({
        type: 'term-created',
      });
      expect(await perform('aux', { type: 'create-term', record: recordOf(1, 'aux') })).toEqual({
        type: 'term-exists',
      });
      expect(await perform('main', { type: 'create-term', record: recordOf(1, 'main') })).toEqual({
        type: 'term-exists',
      });
      term = 1;
    });

    it('a record reads back as it was written, and a name that was never written as null', async (context) => {
      ready(context);
      expect(await perform('aux', { type: 'read-term', term: term as Term })).toEqual({
        type: 'term-record',
        record: recordOf(1, 'main'),
      });
      expect(await perform('aux', { type: 'read-term', term: 99 as Term })).toEqual({
        type: 'term-record',
        record: null,
      });
    });

    it('the newest term is found from nothing, from an old one and from itself', async (context) => {
      ready(context);
      for (let next = 2; next <= 25; next++) {
        await perform('aux', { type: 'create-term', record: recordOf(next, 'aux') });
      }
      for (const known of [0, 1, 7, 24, 25]) {
        const result = await perform('main', { type: 'read-newest', known: known as Term });
        expect(result).toMatchObject({ type: 'newest-term', record: recordOf(25, 'aux') });
      }
    });

    it('deleted terms are gone, the newest stays, and a deleted name could be won again', async (context) => {
      ready(context);
      await perform('aux', { type: 'delete-terms', upTo: 4 as Term });
      expect(await perform('main', { type: 'read-term', term: 3 as Term })).toEqual({
        type: 'term-record',
        record: null,
      });
      expect(await perform('main', { type: 'read-newest', known: 3 as Term })).toMatchObject({
        type: 'newest-term',
        record: { term: 25 },
      });
      expect(await perform('main', { type: 'create-term', record: recordOf(3, 'main') })).toEqual({
        type: 'term-created',
      });
    });

    it('a free address is described as free, and taken by compare by one node only', async (context) => {
      ready(context);
      expect(await perform('main', { type: 'describe-address' })).toEqual({
        type: 'address-reading',
        holder: { kind: 'free' },
        associationId: '',
      });
      const moved = await perform('main', { type: 'take-free-address' });
      expect(moved, JSON.stringify(moved)).toMatchObject({ type: 'address-moved' });
      expect(await perform('aux', { type: 'take-free-address' })).toEqual({ type: 'address-taken' });
      expect(await perform('aux', { type: 'describe-address' })).toEqual({
        type: 'address-reading',
        holder: { kind: 'node', node: 'main' },
        associationId: moved.type === 'address-moved' ? moved.associationId : '',
      });
    });

    it('a take moves it, under a new association', async (context) => {
      ready(context);
      const before = await perform('aux', { type: 'describe-address' });
      const moved = await perform('aux', { type: 'take-address' });
      expect(moved, JSON.stringify(moved)).toMatchObject({ type: 'address-moved' });
      const after = await perform('main', { type: 'describe-address' });
      expect(after).toMatchObject({ holder: { kind: 'node', node: 'aux' } });
      expect(after.type === 'address-reading' && after.associationId).toBe(
        moved.type === 'address-moved' && moved.associationId,
      );
      expect(after).not.toEqual(before);
    });

    it('a release of an old association does not hurt a newer one', async (context) => {
      ready(context);
      const old = await perform('main', { type: 'describe-address' });
      await perform('main', { type: 'take-address' });
      const associationId = old.type === 'address-reading' ? old.associationId : '';
      expect(await perform('aux', { type: 'release-address', associationId })).toEqual({
        type: 'address-released',
      });
      expect(await perform('aux', { type: 'describe-address' })).toMatchObject({
        holder: { kind: 'node', node: 'main' },
      });
    });

    it('a release of the present association frees it', async (context) => {
      ready(context);
      const now = await perform('main', { type: 'describe-address' });
      const associationId = now.type === 'address-reading' ? now.associationId : '';
      expect(await perform('main', { type: 'release-address', associationId })).toEqual({
        type: 'address-released',
      });
      expect(await perform('aux', { type: 'describe-address' })).toMatchObject({ holder: { kind: 'free' } });
    });

    it('a running instance is called running', async (context) => {
      ready(context);
      expect(await perform('aux', { type: 'describe-instance', node: 'main' })).toEqual({
        type: 'instance-condition',
        condition: 'running',
      });
    });
  });
}
