import type { CallEffect } from '../../core/effects.ts';
import type { GroupConfig, Incarnation, Term, TermRecord } from '../../core/types.ts';
import { FREE } from '../address-model.ts';
import { AuthorisedChanges } from '../checkers/authorised-changes.ts';
import type { Checker } from '../checkers/checker.ts';
import { FewMoves } from '../checkers/few-moves.ts';
import { HandsOff } from '../checkers/hands-off.ts';
import { NoStopUnderAddress } from '../checkers/no-stop-under-address.ts';
import { RequestOnce } from '../checkers/request-once.ts';
import { SingleAuthority } from '../checkers/single-authority.ts';
import { SingleCopy } from '../checkers/single-copy.ts';
import { SingleOwner } from '../checkers/single-owner.ts';
import type { CoreUnderTest } from '../core-under-test.ts';
import type { AddressMove, Observer } from '../observer.ts';
import { profileOf } from '../profiles.ts';
import type { Fate } from '../remote-service.ts';
import { CALM_WITNESS_MS, calmTerrain, slowerConfig, type Terrain } from '../terrain.ts';
import { Timeline } from '../timeline.ts';
import type { Violation } from '../violation.ts';
import { World } from '../world.ts';
import { expectation } from './expectation.ts';
import { nodeIndex, type Scenario, type ScenarioAction, type Setting } from './parse-scenario.ts';

/** A steady world, so that a transcript shows the protocol and not the weather. */
const SEED = 1;
const PAST_LEASE_MS = 3_000;

export interface ScenarioResult {
  readonly transcript: string;
  /** Broken promises and expectations, each with the line of the directive. */
  readonly complaints: readonly string[];
}

export function runScenario(scenario: Scenario, core: CoreUnderTest): ScenarioResult {
  const { setting } = scenario;
  const complaints: string[] = [];
  const report = ({ rule, atMs, what }: Violation): void => {
    complaints.push(`${rule} at ${Math.round(atMs)} ms: ${what}`);
  };
  const timeline = new Timeline({ calls: false });
  const moves = new MoveCounter();
  const checkers: Checker[] = [
    new FewMoves(report),
    new SingleOwner(report),
    new SingleAuthority(report),
    new AuthorisedChanges(report),
    new RequestOnce(report),
    new HandsOff(report),
    setting.kind === 'exclusive' ? new SingleCopy(report) : new NoStopUnderAddress(report),
  ];
  const observers = [timeline, moves, ...checkers];
  const world = new World({ core, terrain: terrainOf(setting), seed: SEED, observers });
  timeline.attach(world);
  for (const checker of checkers) checker.attach(world);
  world.start([]);
  for (const { atMs, line, action } of scenario.steps) {
    world.runUntil(atMs);
    if (world.broken !== null) break;
    const complaint = perform(world, setting, action, moves.count);
    if (complaint !== '') complaints.push(`line ${line}, ${atMs} ms: ${complaint}`);
  }
  if (world.broken !== null) complaints.push(world.broken);
  return { transcript: timeline.lines.join('\n'), complaints };
}

class MoveCounter implements Observer {
  count = 0;

  addressMoved(move: AddressMove): void {
    if (move.call !== null && move.to !== FREE) this.count++;
  }
}

/** Returns a complaint, or ''. */
function perform(world: World, setting: Setting, action: ScenarioAction, moves: number): string {
  switch (action.type) {
    case 'run':
      return '';
    case 'expect':
      return expectation(world, setting, action.words, moves);
    case 'end':
      world.endFaults(action.fault, action.node === '' ? null : nodeIndex(setting, action.node));
      return '';
    case 'next': {
      const node = nodeIndex(setting, action.node);
      world.desk.orders.push({ node, type: action.call as CallEffect['type'], fate: fateOf(action) });
      return '';
    }
    case 'begin': {
      const { fault, amount, durationMs } = action;
      const node = nodeIndex(setting, action.node);
      const other = nodeIndex(setting, action.other);
      world.plan({ class: fault, atMs: world.nowMs, durationMs, node, other, amount, style: 0.5 });
      // So that what is asked about it in the next line is asked after it.
      world.runUntil(world.nowMs);
      return '';
    }
  }
}

function fateOf({ fate, ms }: Extract<ScenarioAction, { type: 'next' }>): Fate {
  switch (fate) {
    case 'lands':
      return { landsMs: ms, answersMs: ms + 1, failure: null };
    case 'unanswered':
      return { landsMs: CALM_WITNESS_MS / 2, answersMs: -1, failure: 'unknown' };
    case 'lost':
      return { landsMs: -1, answersMs: -1, failure: 'unknown' };
    case 'throttled':
    case 'denied':
      return { landsMs: -1, answersMs: CALM_WITNESS_MS, failure: fate };
    default:
      throw new Error(`a call has no fate "${fate}"`);
  }
}

function terrainOf(setting: Setting): Terrain {
  const profile = profileOf(setting.profile, setting.kind);
  const group: GroupConfig = {
    name: 'web',
    kind: setting.kind,
    nodes: setting.nodes,
    failback: { mode: setting.failback, afterMs: setting.failbackAfterMs },
    standbyServices: setting.kind === 'exclusive' ? 'stopped' : setting.standby,
    timings: profile.timings,
  };
  return {
    ...calmTerrain(setting.nodes, [group], profile),
    configs: Object.fromEntries(
      Object.entries(setting.slower).map(([name, factor]) => [
        nodeIndex(setting, name),
        slowerConfig([group], profile, factor),
      ]),
    ),
    clockRates: setting.nodes.map((name) => setting.rates[name] ?? 1),
    startsMs: setting.nodes.map((name) => setting.startsMs[name] ?? 0),
    past: [
      {
        holder: setting.addressOn === '' ? FREE : nodeIndex(setting, setting.addressOn),
        running: setting.nodes.map((name) => setting.runningOn.includes(name)),
        record: setting.termOf === '' ? null : pastRecord(setting),
      },
    ],
    paths: setting.paths,
    diskLost: setting.diskLost ? 1 : 0,
  };
}

function pastRecord(setting: Setting): TermRecord {
  const others = setting.nodes.filter((name) => name !== setting.termOf);
  return {
    group: 'web',
    term: setting.term as Term,
    owner: setting.termOf,
    incarnation: 'ffffffffffffffff' as Incarnation,
    leases: Object.fromEntries(others.map((name) => [name, PAST_LEASE_MS])),
    members: setting.nodes,
    reason: 'takeover',
  };
}
