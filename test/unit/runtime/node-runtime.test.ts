import { describe, expect, it, vi } from 'vitest';
import type { Incarnation } from '../../../src/core/types.ts';
import { Clock } from '../../../src/runtime/clock.ts';
import { NodeRuntime } from '../../../src/runtime/node-runtime.ts';
import { NOTHING_SAVED } from '../../../src/runtime/state-file.ts';
import { GROUP } from '../../support/one-node.ts';

const CONFIG = {
  self: 'main',
  nodes: ['main', 'aux'],
  groups: [GROUP],
  keepaliveMs: 100,
  initdeadMs: 10_000,
};

function runtime(tell: () => void) {
  const done: string[] = [];
  const crash = vi.fn();
  const node = new NodeRuntime({
    config: CONFIG,
    incarnation: 'me-1' as Incarnation,
    seed: 7,
    saved: NOTHING_SAVED,
    clock: new Clock(),
    send: () => void done.push('sent'),
    witness: () => new Promise(() => {}),
    cloud: () => new Promise(() => {}),
    services: () => new Promise(() => {}),
    persist: () => {},
    guard: {
      tell: () => {
        done.push('told');
        tell();
      },
    },
    journal: null,
    onNote: () => {},
    onExit: () => {},
    onCrash: crash,
    onTurn: () => {},
    onChange: () => {},
  });
  return { node, done, crash };
}

describe('the runtime of a node', () => {
  it('tells the guard before it does what the step asks for', async () => {
    const { node, done } = runtime(() => {});
    node.start();
    await vi.waitFor(() => expect(done).toContain('sent'));
    node.close('the test is over');
    expect(done.slice(0, 2)).toEqual(['told', 'sent']);
  });

  it('does nothing more when the guard cannot be told', async () => {
    const { node, done, crash } = runtime(() => {
      throw new Error('no space left');
    });
    node.start();
    await vi.waitFor(() => expect(crash).toHaveBeenCalledOnce());
    expect(done).toEqual(['told']);
  });
});
