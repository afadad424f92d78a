import { describe, expect, it } from 'vitest';
import { availability } from '../support/netns/request-result.ts';

const good = (startMs: number, latencyMs = 1) => ({ startMs, latencyMs, status: 200, whom: 'node_1' });

describe('availability', () => {
  it('counts the gap from the last good answer before to the first after an outage', () => {
    const results = [good(0), good(20), { startMs: 40, latencyMs: 1000, failure: 'timeout' }, good(500, 30)];
    expect(availability(results, { fromMs: 0, toMs: 540 })).toEqual({
      requests: 4,
      failed: 1,
      longestGapMs: 509,
      byWhom: { node_1: 3 },
      failures: { timeout: 1 },
    });
  });

  it('counts a request that was answered late as a gap, not as a failure', () => {
    expect(availability([good(0), good(20, 700)], { fromMs: 0, toMs: 730 })).toMatchObject({
      failed: 0,
      longestGapMs: 719,
    });
  });

  it('counts no answer at all as a gap of the whole window', () => {
    const results = [{ startMs: 10, latencyMs: 5, failure: 'ECONNREFUSED' }];
    expect(availability(results, { fromMs: 0, toMs: 100 })).toMatchObject({ failed: 1, longestGapMs: 100 });
  });
});
