import { describe, expect, it } from 'vitest';
import { parseLine } from '../../../src/demo/cluster/demo-machine.ts';
import { changes } from '../../../src/demo/live/changes.ts';
import type { DemoFacts, NodeFacts } from '../../../src/demo/live/facts.ts';
import { frame } from '../../../src/demo/live/frame.ts';
import { isColoured, paint } from '../../../src/demo/style.ts';

const line = (text: string) => ({ time: '06:08:03.849', severity: 'info' as const, text });
const node = (name: string, role: string, part: Partial<NodeFacts> = {}): NodeFacts => ({
  name,
  isDead: false,
  daemonPid: name === 'main' ? 101 : 102,
  role,
  service: 'started',
  link: { state: 'up', rttMs: 0.42 },
  lines: Array.from({ length: 20 }, (_, index) => line(`${name} says ${index}`)),
  ...part,
});
const facts = (part: Partial<DemoFacts> = {}): DemoFacts => ({
  profile: 'default',
  elapsedMs: 62_000,
  publicIp: '203.0.113.10',
  holder: 'main',
  moves: 1,
  isCut: false,
  leader: 'main',
  term: 7,
  nodes: [node('main', 'leading'), node('aux', 'standby')],
  answeredBy: 'main',
  client: { requests: 1234, failed: 5, longestGapMs: 1424 },
  strip: [null, 'main', '', 'aux'],
  lastChange: 'to main, takeover: …',
  ...part,
});
const shown = (part: Partial<DemoFacts> = {}, rows = 40) =>
  frame(facts(part), { message: 'done', rows }).map((one) => paint(one, { columns: 100, coloured: false }));

describe('the picture', () => {
  it('names who leads, who has the address, who answers, and what failed', () => {
    const text = shown().join('\n');
    expect(text).toContain('203.0.113.10 on main, moved once');
    expect(text).toContain('main answers; 1,234 requests, 5 failed, longest gap 1,424 ms');
    expect(text).toMatch(/^main +LEADER +term 7, hears its peer \(0\.4 ms\), web started, pid 101$/m);
    expect(text).toMatch(/^aux +standby +hears its peer/m);
    expect(text).toMatch(/^ +mxa$/m);
    expect(text).toContain('1:02');
    expect(text).toMatch(/done$/);
  });

  it('says what is dead, cut or without a daemon', () => {
    const dead = { nodes: [node('main', '', { isDead: true }), node('aux', '', { daemonPid: null })] };
    const text = shown({ ...dead, isCut: true, answeredBy: null, holder: '' }).join('\n');
    expect(text).toMatch(/^main +DEAD/m);
    expect(text).toMatch(/^aux +no daemon/m);
    expect(text).toContain('the path is cut');
    expect(text).toContain('p mend heartbeats');
    expect(text).toContain('nobody answers');
  });

  it.each([20, 24, 40])('fits %i rows with its keys, and shows the newest sentences', (rows) => {
    const lines = shown({}, rows);
    expect(lines.length).toBeLessThanOrEqual(rows);
    expect(lines.join('\n')).toContain('q quit');
    expect(lines.join('\n')).toContain('aux says 19');
  });

  it('shows every key in 80 columns', () => {
    const lines = frame(facts({ isCut: true }), { message: '', rows: 24 });
    const painted = lines.map((one) => paint(one, { columns: 80, coloured: false }));
    expect(painted.join('\n')).toMatch(/k kill leader.+ q quit/);
  });

  it('keeps its height while the logs grow', () => {
    const nodes = [node('main', 'leading', { lines: [] }), node('aux', 'standby', { lines: [line('one')] })];
    expect(shown({ nodes }).length).toBe(shown().length);
  });
});

describe('a line', () => {
  const words = [{ text: 'green', colour: 'green' as const }, ' and plain'];

  it('is cut before it is painted, so that no colour runs on', () => {
    expect(paint(words, { columns: 3, coloured: true })).toBe('\u001b[32mgre\u001b[0m');
    expect(paint(words, { columns: 7, coloured: true })).toBe('\u001b[32mgreen\u001b[0m a');
  });

  it('is without colours in a pipe and for NO_COLOR', () => {
    expect(isColoured({ isTTY: true }, {})).toBe(true);
    expect(isColoured({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(isColoured({ isTTY: true }, { NO_COLOR: '' })).toBe(true);
    expect(isColoured({}, {})).toBe(false);
    expect(paint(words, { columns: 99, coloured: false })).toBe('green and plain');
  });
});

describe('the changes, where there is no terminal', () => {
  it('are none when only counts and ages went on', () => {
    const later = facts({ elapsedMs: 99_000, client: { ...facts().client, requests: 2000 } });
    expect(changes(facts(), later)).toEqual([]);
  });

  it('are one sentence each', () => {
    const after = facts({
      holder: 'aux',
      answeredBy: 'aux',
      moves: 2,
      nodes: [
        node('main', '', { isDead: true }),
        node('aux', 'leading', { link: { state: 'dead', rttMs: null } }),
      ],
      term: 8,
    });
    expect(changes(facts(), after)).toEqual([
      'address 203.0.113.10 is on aux',
      'client: aux answers',
      'main: dead, power off',
      'aux: leading, term 8',
      'aux: the link to its peer is dead',
    ]);
  });

  it('tell failures once they are over', () => {
    const during = facts({ answeredBy: null, client: { requests: 1300, failed: 40, longestGapMs: 1424 } });
    expect(changes(facts(), during)).toEqual(['client: nobody answers']);
    expect(changes(during, { ...during, answeredBy: 'aux' })).toEqual([
      'client: aux answers',
      'client: 40 requests failed so far, longest gap 1,424 ms',
    ]);
  });
});

describe('a line of a daemon', () => {
  it('is its sentence, with the error in one line', () => {
    const json = { level: 50, time: '2026-11-21T06:08:03.849Z', msg: 'it failed', err: { message: 'a\n b' } };
    expect(parseLine(JSON.stringify(json))).toEqual({
      time: '06:08:03.849',
      severity: 'error',
      text: 'it failed: a b',
    });
  });

  it('is kept as it is when it is none of the logger', () => {
    expect(parseLine('SyntaxError: x')).toEqual({ time: '', severity: 'error', text: 'SyntaxError: x' });
  });
});
