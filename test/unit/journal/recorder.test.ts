import { describe, expect, it } from 'vitest';
import type { Effect } from '../../../src/core/effects.ts';
import { type CoreState, createCore } from '../../../src/core/state.ts';
import { step } from '../../../src/core/step.ts';
import type { Incarnation } from '../../../src/core/types.ts';
import { Notability } from '../../../src/journal/notability.ts';
import { Recorder } from '../../../src/journal/recorder.ts';

const START = {
  config: { self: 'main', nodes: ['main', 'aux'], groups: [], keepaliveMs: 100, initdeadMs: 10_000 },
  incarnation: '00000000000000aa' as Incarnation,
  seed: 7,
  at: { nowMs: 0, suspendedMs: 0 },
  highestTerms: {},
  drained: false,
};

class Rig {
  readonly facts: string[] = [];
  readonly steps: { readonly lines: string; readonly isHead: boolean }[] = [];
  readonly recorder = new Recorder({
    version: '1.2.3',
    paths: 1,
    wallMsAt: (nowMs) => nowMs,
    fact: (line) => void this.facts.push(line),
    steps: (lines, isHead) => void this.steps.push({ lines, isHead }),
    pieceBytesMost: 2 ** 18,
  });
  readonly state: CoreState = createCore(START);
  nowMs = 0;

  constructor() {
    this.recorder.start(START);
  }

  tick(...more: readonly Effect[]): void {
    this.nowMs += 100;
    const event = { type: 'tick', at: { nowMs: this.nowMs, suspendedMs: 0 } } as const;
    this.recorder.stepped(this.state, event, [...step(this.state, event), ...more]);
  }
}

describe('the recorder', () => {
  it('begins with a checkpoint after something was lost, so that no recording has a hole', () => {
    const rig = new Rig();
    rig.tick();
    rig.tick();
    rig.recorder.lost(3);
    rig.steps.length = 0;
    rig.tick();
    rig.tick();
    rig.tick();
    expect(rig.steps.map(({ isHead }) => isHead)).toEqual([true, false]);
    expect(rig.steps[0]?.lines).toMatch(/^\{"recording":1,.*"kind":"state"/);
    expect(rig.steps[0]?.lines.trimEnd().split('\n')).toHaveLength(2);
  });

  it('tells once how much was lost, with the next fact', () => {
    const rig = new Rig();
    rig.recorder.lost(3);
    rig.recorder.lost(4);
    const note = { type: 'note', note: { type: 'peer-up', node: 'aux' } } as const;
    rig.tick(note, note);
    const kinds = rig.facts.map((line) => JSON.parse(line));
    expect(kinds.map(({ kind }) => kind)).toEqual(['started', 'lost', 'note', 'note']);
    expect(kinds[1]).toMatchObject({ texts: 7 });
  });
});

describe('what is worth a recording', () => {
  const note = (fact: object) => ({ kind: 'note', note: fact }) as Parameters<Notability['judge']>[0];
  const defended = note({ type: 'defended', group: 'web', term: 3, leaseMs: 3_000 });

  it('is a change of leadership, always', () => {
    const notability = new Notability();
    const lost = note({ type: 'stepped-down', group: 'web', term: 3, owner: 'aux' });
    expect([0, 1, 2].map((atMs) => notability.judge(lost, atMs))).toEqual([true, true, true]);
  });

  it('is a renewal once in ten minutes, so that a long partition does not push out all else', () => {
    const notability = new Notability();
    const judged = [0, 6_000, 599_000, 600_000, 606_000].map((atMs) => notability.judge(defended, atMs));
    expect(judged).toEqual([true, false, false, true, false]);
    expect(notability.judge(note({ type: 'defended', group: 'db', term: 3, leaseMs: 3_000 }), 606_000)).toBe(
      true,
    );
  });
});
