import { describe, expect, it } from 'vitest';
import { step } from '../../../src/core/step.ts';
import type { GroupKind } from '../../../src/core/types.ts';
import { coreOf, decodeRecordings, encodeHead } from '../../../src/journal/recording.ts';
import { replay } from '../../../src/journal/replay.ts';
import { fromPlain, toPlain } from '../../../src/journal/state-codec.ts';
import { StepEncoder } from '../../../src/journal/step-codec.ts';
import { drawPlan } from '../../../src/simulation/plan.ts';
import { realCore } from '../../../src/simulation/real-core.ts';
import { RecordedCore } from '../../../src/simulation/recorded-core.ts';
import { runPlan } from '../../../src/simulation/run-plan.ts';

function recordPlan(seed: number, kind: GroupKind, nodes: number): RecordedCore {
  const plan = drawPlan(seed, { profile: 'default', kind, nodes });
  const recorded = new RecordedCore(realCore, {
    paths: plan.terrain.paths,
    wallMsAt: (_node, nowMs) => nowMs,
    // Small, so that there are many checkpoints.
    pieceBytesMost: 16_384,
  });
  runPlan(plan, recorded.core, []);
  return recorded;
}

describe('replaying a journal', () => {
  it.each([
    ['address', 2],
    ['address', 3],
    ['exclusive', 2],
  ] as const)('gives the same decisions: %s, %i nodes, in a world full of faults', (kind, nodes) => {
    let steps = 0;
    let pieces = 0;
    for (let seed = 1; seed <= 8; seed++) {
      const recorded = recordPlan(seed, kind, nodes);
      for (const node of drawPlan(seed, { profile: 'default', kind, nodes }).terrain.names) {
        for (const recording of recorded.recordings(node)) {
          const result = replay(recording);
          expect(result.difference, `seed ${seed}, ${node}`).toBeNull();
          expect(result.decisions).toEqual(recording.steps.flatMap(({ effects }) => effects));
          steps += result.steps;
          pieces += recording.head.from.kind === 'state' ? 1 : 0;
        }
      }
    }
    // So that not everything was replayed from a start, and there was something to replay.
    expect(pieces).toBeGreaterThan(30);
    expect(steps).toBeGreaterThan(5_000);
  });

  it('says where another core decides otherwise', () => {
    const recording = recordPlan(1, 'address', 2).recordings('main')[0];
    if (recording === undefined) throw new Error('nothing was recorded');
    const index = recording.steps.findIndex(({ effects }) => effects.some(({ type }) => type === 'note'));
    const steps = recording.steps.with(index, { ...recording.steps[index]!, digest: 'otherwise' });
    const { difference, steps: replayed } = replay({ ...recording, steps });
    expect(difference?.atMs).toBe(recording.steps[index]?.event.at.nowMs);
    expect(replayed).toBe(index + 1);
  });

  it('does not change the recording, so that it can be done again', () => {
    const recordings = recordPlan(2, 'address', 2).recordings('main');
    const fromState = recordings.find(({ head }) => head.from.kind === 'state');
    if (fromState === undefined) throw new Error('no checkpoint was recorded');
    expect(replay(fromState)).toEqual(replay(fromState));
  });

  it('replays a step in which the core broke down as that', () => {
    const recording = recordPlan(1, 'address', 2).recordings('main')[0]!;
    const last = recording.steps.at(-1)!.event.at;
    const past = { nowMs: last.nowMs - 1, suspendedMs: last.suspendedMs };
    const crash = { event: { type: 'tick', at: past }, effects: [], digest: '', crash: 'time ran backwards' };
    const steps = [...recording.steps, crash as (typeof recording.steps)[number]];
    expect(replay({ ...recording, steps }).difference).toBeNull();
  });
});

describe('a checkpoint', () => {
  it('goes on exactly as the core that it was taken of', () => {
    const recording = recordPlan(3, 'address', 3).recordings('main')[0]!;
    const original = coreOf(recording.head);
    for (const [index, { event }] of recording.steps.entries()) {
      const effects = step(original, event);
      if (index % 50 !== 0) continue;
      const copy = fromPlain(JSON.parse(JSON.stringify(toPlain(original))));
      expect(copy).toEqual(original);
      expect(effects).toBeDefined();
    }
  });

  it('refuses what it would lose', () => {
    expect(() => toPlain({ when: new Date(0) })).toThrow('cannot hold a Date');
    expect(() => toPlain(new Set())).toThrow('cannot hold a Set');
  });

  it('keeps numbers that JSON has no word for, and the floats', () => {
    const value = {
      never: -Infinity,
      floats: new Float64Array([1.5, -Infinity]),
      map: new Map([['a', 0.1]]),
    };
    expect(fromPlain(JSON.parse(JSON.stringify(toPlain(value))))).toEqual(value);
  });
});

describe('reading a recording', () => {
  const recording = recordPlan(1, 'address', 2).recordings('main')[0]!;
  const encoder = new StepEncoder();
  const lines = [
    encodeHead(recording.head),
    ...recording.steps.slice(0, 40).map(({ event, effects }) => encoder.encode(event, effects)),
  ];

  it('passes over a last line that a crash tore', () => {
    const { recordings, damagedLines } = decodeRecordings(`${lines.join('\n')}\n{"t":17,"M":{"fr`);
    expect(recordings[0]?.steps.map(({ event }) => event)).toEqual(
      recording.steps.slice(0, 40).map(({ event }) => event),
    );
    expect(damagedLines).toBe(0);
  });

  it('ends a piece at a damaged line and goes on with the next', () => {
    const text = [...lines.slice(0, 20), 'what is this', ...lines.slice(20), ...lines, ''].join('\n');
    const { recordings, damagedLines } = decodeRecordings(text);
    expect(recordings.map(({ steps }) => steps.length)).toEqual([19, 40]);
    expect(damagedLines).toBe(22);
  });

  it('writes a message that repeats the last one short', () => {
    const repeated = lines.filter((line) => line.includes('"m":['));
    expect(repeated.length).toBeGreaterThan(5);
    expect(Math.max(...repeated.map((line) => line.length))).toBeLessThan(120);
  });
});
