import { EVERY, FAULT_CLASSES, type FaultClass, FOREVER_MS } from '../fault.ts';

/** A scenario file: comment lines, directives, then `---` and the transcript as it was recorded. */
export interface Scenario {
  readonly comment: readonly string[];
  readonly setting: Setting;
  readonly steps: readonly ScenarioStep[];
  /** The lines above the transcript, as written. */
  readonly head: string;
  readonly transcript: string;
}

/** What differs from the defaults before the world starts. */
export interface Setting {
  nodes: string[];
  kind: 'address' | 'exclusive';
  profile: 'default' | 'fast' | 'turbo' | 'classic';
  failback: 'auto' | 'manual';
  failbackAfterMs: number;
  standby: 'warm' | 'stopped';
  paths: number;
  /** '' when free. */
  addressOn: string;
  /** Owner of a term of before, by an incarnation that is gone; '' when there is none. */
  termOf: string;
  term: number;
  runningOn: string[];
  startsMs: Record<string, number>;
  rates: Record<string, number>;
  /** How many times as long as everybody's the timings are in the file of one node. */
  slower: Record<string, number>;
  /** A daemon that starts again finds nothing of what the one before wrote. */
  diskLost: boolean;
}

export interface ScenarioStep {
  readonly atMs: number;
  readonly line: number;
  readonly action: ScenarioAction;
}

export type ScenarioAction =
  | {
      readonly type: 'begin';
      readonly fault: FaultClass;
      readonly node: string;
      readonly other: string;
      readonly amount: number;
      readonly durationMs: number;
    }
  | { readonly type: 'end'; readonly fault: FaultClass; readonly node: string }
  /** `next main create-term lands 9s`, `next main create-term lost`, `next main take-address unanswered`. */
  | {
      readonly type: 'next';
      readonly node: string;
      readonly call: string;
      readonly fate: string;
      readonly ms: number;
    }
  | { readonly type: 'expect'; readonly words: readonly string[] }
  | { readonly type: 'run' };

const SEPARATOR = '---';
const ALIASES: Readonly<Record<string, FaultClass>> = { cut: 'cut-both-ways', isolate: 'isolate-from-all' };

/** Throws an Error that names the line when the text is no scenario. */
export function parseScenario(text: string): Scenario {
  const lines = text.split('\n');
  const end = lines.indexOf(SEPARATOR);
  const headLines = end < 0 ? lines : lines.slice(0, end);
  const comment: string[] = [];
  const steps: ScenarioStep[] = [];
  const setting = defaults();
  headLines.forEach((raw, index) => {
    const line = raw.trim();
    if (line.startsWith('#')) comment.push(line.slice(1).trim());
    else if (line !== '') readLine(line.split(/\s+/), index + 1, setting, steps);
  });
  if (comment.length === 0)
    throw new Error('a scenario opens with a sentence that says what it shows and why');
  const transcript =
    end < 0
      ? ''
      : lines
          .slice(end + 1)
          .join('\n')
          .trimEnd();
  return { comment, setting, steps, head: headLines.join('\n').trimEnd(), transcript };
}

/** "250ms", "10s" or "5m" in milliseconds. */
export function durationMs(word: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(word);
  if (match === null) throw new Error(`"${word}" is no duration such as 250ms, 10s or 5m`);
  return Number(match[1]) * { ms: 1, s: 1_000, m: 60_000 }[match[2] as 'ms' | 's' | 'm'];
}

function defaults(): Setting {
  return {
    nodes: ['main', 'aux'],
    kind: 'address',
    profile: 'default',
    failback: 'manual',
    failbackAfterMs: 0,
    standby: 'warm',
    paths: 1,
    addressOn: '',
    termOf: '',
    term: 1,
    runningOn: [],
    startsMs: {},
    rates: {},
    slower: {},
    diskLost: false,
  };
}

function readLine(words: string[], line: number, setting: Setting, steps: ScenarioStep[]): void {
  try {
    if (words[0] === 'at') {
      const atMs = durationMs(words[1] ?? '');
      if (atMs < (steps.at(-1)?.atMs ?? 0)) throw new Error('time runs backwards');
      steps.push({ atMs, line, action: readAction(words.slice(2), setting) });
    } else if (!readSetting(words, setting)) {
      steps.push({ atMs: steps.at(-1)?.atMs ?? 0, line, action: readAction(words, setting) });
    }
  } catch (error) {
    throw new Error(`line ${line}: ${(error as Error).message}`);
  }
}

function readSetting(words: string[], setting: Setting): boolean {
  const [key, first = '', second = ''] = words;
  switch (key) {
    case 'nodes':
      setting.nodes = words.slice(1);
      return true;
    case 'kind':
      setting.kind = first as Setting['kind'];
      return true;
    case 'profile':
      setting.profile = first as Setting['profile'];
      return true;
    case 'failback':
      setting.failback = first as Setting['failback'];
      setting.failbackAfterMs = second === '' ? 0 : durationMs(second);
      return true;
    case 'standby-services':
      setting.standby = first as Setting['standby'];
      return true;
    case 'paths':
      setting.paths = Number(first);
      return true;
    case 'address-on':
      setting.addressOn = first;
      return true;
    case 'term-of':
      setting.termOf = first;
      setting.term = Number(second || 1);
      return true;
    case 'disk-lost':
      setting.diskLost = true;
      return true;
    case 'services-on':
      setting.runningOn = words.slice(1);
      return true;
    case 'starts':
      setting.startsMs[first] = durationMs(second);
      return true;
    case 'slower':
      setting.slower[first] = Number(second);
      return true;
    case 'clock':
      setting.rates[first] = Number(second);
      return true;
    default:
      return false;
  }
}

function readAction(words: string[], setting: Setting): ScenarioAction {
  const [verb = '', ...rest] = words;
  const faultOf = (name: string): FaultClass => {
    const fault = ALIASES[name] ?? (name as FaultClass);
    if (!FAULT_CLASSES.includes(fault)) throw new Error(`nobody knows "${name}"`);
    return fault;
  };
  switch (verb) {
    case 'run':
      return { type: 'run' };
    case 'expect':
      return { type: 'expect', words: rest };
    case 'end':
      return { type: 'end', fault: faultOf(rest[0] ?? ''), node: rest[1] ?? '' };
    case 'next': {
      const [node = '', call = '', fate = '', after] = rest;
      return { type: 'next', node, call, fate, ms: after === undefined ? 0 : durationMs(after) };
    }
    default: {
      const nodes = rest.filter((word) => setting.nodes.includes(word));
      const lasts = rest.indexOf('for');
      return {
        type: 'begin',
        fault: faultOf(verb),
        node: nodes[0] ?? '',
        other: nodes[1] ?? '',
        amount: Number(rest.find((word) => /^[\d.]+$/.test(word)) ?? 0),
        // A fault without `for` lasts until its `end`.
        durationMs: lasts < 0 ? FOREVER_MS : durationMs(rest[lasts + 1] ?? ''),
      };
    }
  }
}

/** The index of a node, or EVERY for ''. */
export function nodeIndex(setting: Setting, name: string): number {
  if (name === '' || name === 'all') return EVERY;
  const index = setting.nodes.indexOf(name);
  if (index < 0) throw new Error(`no node is called ${name}`);
  return index;
}
