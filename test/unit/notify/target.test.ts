import { describe, expect, it } from 'vitest';
import type { Notification } from '../../../src/notify/notification.ts';
import { ATTEMPTS_MOST, type Delivery, NotifyTarget, QUEUE_MOST } from '../../../src/notify/target.ts';

const document = (id: string): Notification => ({
  version: 1,
  id,
  time: '2026-11-21T12:00:00.000Z',
  cluster: 'web',
  node: 'main',
  group: 'web',
  event: 'became-leader',
  severity: 'info',
  text: 'web: leader main',
  details: {},
  dropped: 0,
});

function receiver(answer: (attempt: number) => Delivery | Promise<Delivery>) {
  const got: Notification[] = [];
  const said: string[] = [];
  let running = 0;
  let most = 0;
  const target = new NotifyTarget({
    name: 'the receiver',
    timeoutMs: 60_000,
    firstPauseMs: 1,
    log: { warn: (text) => said.push(text), info: (text) => said.push(text) },
    deliver: async (one) => {
      got.push(one);
      running += 1;
      most = Math.max(most, running);
      const result = await answer(got.length);
      running -= 1;
      return result;
    },
  });
  return { got, said, target, most: () => most };
}

const DELIVERED: Delivery = { status: 'delivered' };
const FAILED: Delivery = { status: 'failed', reason: 'connection refused' };

describe('a receiver of notifications', () => {
  it('gets them in order, one at a time', async () => {
    const { got, target, most } = receiver(() => DELIVERED);
    for (let i = 0; i < 20; i++) target.push(document(`${i}`));
    expect(got).toEqual([]);
    await expect.poll(() => got.length).toBe(20);
    expect(got.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
    expect(most()).toBe(1);
  });

  it('is tried again with the same document, and given up after a few attempts, which is said once', async () => {
    const { got, said, target } = receiver((attempt) => (attempt <= 2 * ATTEMPTS_MOST ? FAILED : DELIVERED));
    for (const id of ['a', 'b', 'c']) target.push(document(id));
    await expect.poll(() => got.at(-1)?.id).toBe('c');
    expect(got.filter(({ id }) => id === 'a')).toHaveLength(ATTEMPTS_MOST);
    expect(got.at(-1)?.dropped).toBe(2);
    await expect.poll(() => said.length).toBe(2);
    expect(said).toEqual([
      'a notification to the receiver was given up: connection refused; more that fail are counted and not logged',
      'notifications to the receiver are delivered again; 2 were given up',
    ]);
  });

  it('that refuses a document is not asked again', async () => {
    const { got, target } = receiver((attempt) =>
      attempt === 1 ? { status: 'refused', reason: 'it answered HTTP 404' } : DELIVERED,
    );
    target.push(document('a'));
    target.push(document('b'));
    await expect.poll(() => got.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('that hangs costs the oldest of a bounded queue, and nothing else', async () => {
    let release = (_: Delivery) => {};
    const hanging = new Promise<Delivery>((resolve) => {
      release = resolve;
    });
    const { got, target } = receiver((attempt) => (attempt === 1 ? hanging : DELIVERED));
    target.push(document('hangs'));
    await expect.poll(() => got.length).toBe(1);
    for (let i = 0; i < QUEUE_MOST + 5; i++) target.push(document(`${i}`));
    release(DELIVERED);
    await expect.poll(() => got.at(-1)?.id).toBe(`${QUEUE_MOST + 4}`);
    expect(got[1]?.id).toBe('5');
  });

  it('that hangs does not keep the daemon from ending', async () => {
    const { got, target } = receiver(() => new Promise(() => {}));
    target.push(document('a'));
    await expect.poll(() => got.length).toBe(1);
    await target.close(20);
    target.push(document('too late'));
    expect(got).toHaveLength(1);
  });

  it('gets what waits when the daemon ends, without further attempts', async () => {
    const { got, target } = receiver((attempt) => (attempt === 1 ? FAILED : DELIVERED));
    for (const id of ['a', 'b']) target.push(document(id));
    await target.close(10_000);
    expect(got.map(({ id }) => id)).toEqual(['a', 'b']);
  });
});
