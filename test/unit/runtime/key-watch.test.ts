import { beforeEach, describe, expect, it } from 'vitest';
import type { HeartbeatKeys } from '../../../src/config/key.ts';
import { KeyWatch } from '../../../src/runtime/key-watch.ts';
import type { KeyStatus } from '../../../src/wire/key-agreement.ts';

const OLD: HeartbeatKeys = { current: Buffer.alloc(32, 1), previous: null };
const BOTH: HeartbeatKeys = { current: Buffer.alloc(32, 1), previous: Buffer.alloc(32, 2) };
const QUIET: KeyStatus = {
  signing: 1,
  other: null,
  unknownSeen: false,
  peers: [{ peer: 'aux', signing: 1, acceptsOther: false }],
};

describe('the watch over the key', () => {
  let status: KeyStatus;
  let stored: () => Promise<HeartbeatKeys>;
  let reads: number;
  let used: HeartbeatKeys[];
  let watch: KeyWatch;
  beforeEach(() => {
    status = QUIET;
    stored = () => Promise.resolve(OLD);
    reads = 0;
    used = [];
    const log = { info: () => {}, warn: () => {} };
    watch = new KeyWatch(
      {
        read: () => {
          reads += 1;
          return stored();
        },
        status: () => status,
        use: (keys) => used.push(keys),
        log,
      },
      OLD,
    );
  });

  /** One look a second. */
  async function pass(fromS: number, toS: number): Promise<void> {
    for (let second = fromS; second < toS; second += 1) await watch.look(second * 1_000);
  }

  it('reads nothing while the nodes agree', async () => {
    await pass(0, 3_600);
    expect(reads).toBe(0);
  });

  it('reads at once when somebody signs with another key, and uses what has changed', async () => {
    stored = () => Promise.resolve(BOTH);
    status = { ...QUIET, unknownSeen: true };
    await pass(100, 101);
    expect(used).toEqual([BOTH]);
    stored = () => Promise.resolve(OLD);
    status = { ...QUIET, other: 2, peers: [{ peer: 'aux', signing: 2, acceptsOther: true }] };
    await pass(102, 103);
    expect(used).toEqual([BOTH, OLD]);
  });

  it('reads less and less while nothing comes of it, but at least every five minutes', async () => {
    status = { ...QUIET, unknownSeen: true };
    await pass(0, 60);
    expect(reads).toBeLessThanOrEqual(5);
    await pass(60, 3_660);
    expect(reads).toBeGreaterThanOrEqual(12);
    expect(reads).toBeLessThanOrEqual(25);
    expect(used).toEqual([]);
  });

  it('reads at once again when it sees something else', async () => {
    status = { ...QUIET, unknownSeen: true };
    await pass(0, 200);
    const before = reads;
    status = { ...QUIET, peers: [{ peer: 'aux', signing: 9, acceptsOther: false }] };
    await pass(200, 201);
    expect(reads).toBe(before + 1);
  });

  it('keeps the keys in use when they cannot be read', async () => {
    stored = () => Promise.reject(new Error('SSM does not answer'));
    status = { ...QUIET, unknownSeen: true };
    await pass(0, 10);
    expect(reads).toBeGreaterThan(0);
    expect(used).toEqual([]);
  });

  it('takes what a reload brought for what is in use', async () => {
    watch.used(BOTH);
    stored = () => Promise.resolve(BOTH);
    status = { ...QUIET, other: 2 };
    await pass(0, 1);
    expect(reads).toBe(1);
    expect(used).toEqual([]);
  });
});
