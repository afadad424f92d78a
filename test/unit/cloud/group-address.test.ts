import { beforeEach, describe, expect, it } from 'vitest';
import { GroupAddress } from '../../../src/cloud/group-address.ts';
import type { MovableAddress } from '../../../src/cloud/movable-address.ts';
import type { CallResult } from '../../../src/core/events.ts';
import type { AddressHolder, CallFailure } from '../../../src/core/types.ts';
import { bounds } from './fake-ec2.ts';

const FREE: AddressHolder = { kind: 'free' };
const FOREIGN: AddressHolder = { kind: 'foreign', networkInterfaceId: 'eni-stranger' };
const on = (node: string): AddressHolder => ({ kind: 'node', node });

/** An address in memory: where it is, and what is done to it. */
class FakeAddress implements MovableAddress {
  readonly label: string;
  holder: AddressHolder = FREE;
  associationId = '';
  failure: CallFailure | null = null;
  readonly calls: string[] = [];

  constructor(label: string) {
    this.label = label;
  }

  put(holder: AddressHolder): void {
    this.holder = holder;
    const place = holder.kind === 'node' ? holder.node : holder.kind;
    this.associationId = holder.kind === 'free' ? '' : `${this.label}@${place}`;
  }

  async describe(): Promise<CallResult> {
    return this.#failed() ?? this.#reading();
  }

  async take(): Promise<CallResult> {
    this.calls.push('take');
    return this.#failed() ?? this.#come();
  }

  async takeFree(): Promise<CallResult> {
    this.calls.push('take-free');
    const failed = this.#failed();
    if (failed !== null) return failed;
    return this.holder.kind === 'free' ? this.#come() : { type: 'address-taken' };
  }

  recognises(associationId: string): boolean {
    return associationId.startsWith(`${this.label}@`);
  }

  async release(associationId: string): Promise<CallResult> {
    this.calls.push(`release ${associationId}`);
    const failed = this.#failed();
    if (failed !== null) return failed;
    if (associationId === this.associationId) this.put(FREE);
    return { type: 'address-released' };
  }

  #failed(): CallResult | null {
    const { failure, label } = this;
    return failure === null ? null : { type: 'failed', failure, reason: `${label}: ${failure}` };
  }

  #reading(): CallResult {
    const { holder, associationId } = this;
    return { type: 'address-reading', holder, associationId };
  }

  #come(): CallResult {
    this.put(on('main'));
    return { type: 'address-moved', associationId: this.associationId };
  }
}

let a: FakeAddress;
let b: FakeAddress;
let c: FakeAddress;
let warnings: string[];
let group: GroupAddress;

beforeEach(() => {
  [a, b, c] = [new FakeAddress('a'), new FakeAddress('b'), new FakeAddress('c')];
  warnings = [];
  const warn = (sentence: string) => warnings.push(sentence);
  group = new GroupAddress({ members: [a, b, c], self: 'main', warn });
});

function place(first: AddressHolder, second: AddressHolder, third: AddressHolder): void {
  a.put(first);
  b.put(second);
  c.put(third);
}

describe('where a group with several addresses is', () => {
  it('is here when all of them are', async () => {
    place(on('main'), on('main'), on('main'));
    expect(await group.describe(bounds())).toEqual({
      type: 'address-reading',
      holder: on('main'),
      associationId: 'a@main b@main c@main',
    });
  });

  it('is on the node that has one of them, named by the associations to be ended there', async () => {
    place(on('main'), on('aux'), FREE);
    expect(await group.describe(bounds())).toEqual({
      type: 'address-reading',
      holder: on('aux'),
      associationId: 'b@aux',
      partlyHere: true,
    });
  });

  it('names one other node at a time, because what EC2 says of that one holds for it alone', async () => {
    place(on('aux'), on('third'), on('aux'));
    expect(await group.describe(bounds())).toMatchObject({
      holder: on('aux'),
      associationId: 'a@aux c@aux',
    });
  });

  it('is free when one is and no other node has any', async () => {
    place(on('main'), FREE, FOREIGN);
    expect(await group.describe(bounds())).toMatchObject({ holder: FREE, associationId: '' });
  });

  it('is with a stranger when all else is here', async () => {
    place(on('main'), FOREIGN, on('main'));
    expect(await group.describe(bounds())).toMatchObject({ holder: FOREIGN, partlyHere: true });
  });

  it('is not known when one of them could not be read', async () => {
    place(on('main'), on('main'), on('main'));
    b.failure = 'throttled';
    expect(await group.describe(bounds())).toEqual({
      type: 'failed',
      failure: 'throttled',
      reason: 'b: throttled',
    });
  });

  it('leaves out one that exists no more, and says so once', async () => {
    place(on('main'), on('main'), on('main'));
    b.failure = 'gone';
    for (let look = 0; look < 2; look += 1) {
      expect(await group.describe(bounds())).toMatchObject({
        holder: on('main'),
        associationId: 'a@main c@main',
      });
    }
    expect(warnings).toEqual([expect.stringContaining('b does not exist any more')]);
    b.calls.splice(0);
    place(on('aux'), FREE, on('aux'));
    await group.describe(bounds());
    expect(await group.take(bounds())).toEqual({ type: 'address-moved', associationId: 'a@main c@main' });
    expect(b.calls).toEqual([]);
  });

  it('is gone when none exists any more', async () => {
    for (const address of [a, b, c]) address.failure = 'gone';
    expect(await group.describe(bounds())).toMatchObject({ type: 'failed', failure: 'gone' });
  });
});

describe('a move of several addresses', () => {
  const look = () => group.describe(bounds());

  it('takes those that are not here, and leaves those that are', async () => {
    place(on('main'), on('aux'), FREE);
    await look();
    expect(await group.take(bounds())).toEqual({
      type: 'address-moved',
      associationId: 'a@main b@main c@main',
    });
    expect([a.calls, b.calls, c.calls]).toEqual([[], ['take'], ['take']]);
  });

  it('leaves one with a stranger alone while there is another to move', async () => {
    place(on('aux'), FOREIGN, on('aux'));
    await look();
    expect(await group.take(bounds())).toEqual({ type: 'address-taken' });
    expect(b.calls).toEqual([]);
    expect(await look()).toMatchObject({ holder: FOREIGN });
    expect(await group.take(bounds())).toMatchObject({ type: 'address-moved' });
    expect(b.calls).toEqual(['take']);
  });

  it('that failed for one has failed, and the next takes only what is missing', async () => {
    place(on('aux'), on('aux'), on('aux'));
    await look();
    b.failure = 'throttled';
    expect(await group.take(bounds())).toMatchObject({ type: 'failed', failure: 'throttled' });
    b.failure = null;
    expect(await group.take(bounds())).toMatchObject({ type: 'address-moved' });
    expect([a.calls, b.calls, c.calls]).toEqual([['take'], ['take', 'take'], ['take']]);
  });

  it('is unknown when the outcome of one is, whatever became of the others', async () => {
    place(on('aux'), on('aux'), on('aux'));
    await look();
    a.failure = 'denied';
    c.failure = 'unknown';
    expect(await group.take(bounds())).toMatchObject({
      type: 'failed',
      failure: 'unknown',
      reason: 'a: denied; c: unknown',
    });
  });

  it('by two steps ends the named associations alone and takes what is free then', async () => {
    place(on('main'), on('aux'), on('third'));
    const reading = await look();
    const named = reading.type === 'address-reading' ? reading.associationId : '';
    expect(await group.release(named, bounds())).toEqual({ type: 'address-released' });
    expect([a.calls, b.calls, c.calls]).toEqual([[], ['release b@aux'], []]);
    expect(await group.takeFree(bounds())).toEqual({ type: 'address-taken' });
    expect(b.holder).toEqual(on('main'));
    expect(c.holder).toEqual(on('third'));
  });

  it('asks for all when the last readings showed nothing to do', async () => {
    place(on('main'), on('main'), on('main'));
    await look();
    await group.take(bounds());
    expect([a.calls, b.calls, c.calls]).toEqual([['take'], ['take'], ['take']]);
  });
});
