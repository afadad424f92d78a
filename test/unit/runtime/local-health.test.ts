import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LocalHealth } from '../../../src/core/events.ts';
import { LocalHealthWatch } from '../../../src/runtime/local-health.ts';

function machine() {
  const told: LocalHealth[] = [];
  const world = { nginx: '', general: '' };
  const watch = new LocalHealthWatch({
    groups: [{ name: 'web', validate: async () => world.nginx }],
    generalProblem: () => world.general,
    onHealth: (health) => told.push(health),
  });
  return { told, world, watch };
}

describe('the watch over this node', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('tells a broken configuration within half a minute, once, and its repair', async () => {
    const { told, world, watch } = machine();
    watch.start();
    await vi.advanceTimersByTimeAsync(1000);
    world.nginx = 'nginx: "nginx -t" failed';
    await vi.advanceTimersByTimeAsync(90_000);
    world.nginx = '';
    await vi.advanceTimersByTimeAsync(30_000);
    watch.close();
    expect(told.map(({ ineligible }) => ineligible)).toEqual(['', 'nginx: "nginx -t" failed', '']);
  });

  it('tells lost credentials within two seconds', async () => {
    const { told, world, watch } = machine();
    watch.start();
    await vi.advanceTimersByTimeAsync(100);
    world.general = 'no AWS credentials';
    await vi.advanceTimersByTimeAsync(2000);
    watch.close();
    expect(told.at(-1)).toEqual({ group: 'web', ineligible: 'no AWS credentials' });
  });
});
