import { existsSync } from 'node:fs';
import { ownJob } from './own-job.ts';
import { describeOutcome, runProcess } from './process-runner.ts';
import { type Budget, type CallLimits, left } from './resource-adapter.ts';

/**
 * What systemd knows of a unit; `absent` also where systemd is not process 1. `unknown`: systemd is there and did not
 * answer, so it may have the unit, and start it again when its program ends.
 */
export type UnitState = 'absent' | 'active' | 'inactive' | 'failed' | 'changing' | 'unknown';

/** The properties of a unit, in systemd's own words; '' for one that this kind of unit does not have. */
export interface UnitProperties {
  /** loaded, not-found, masked, bad-setting, error. */
  readonly load: string;
  /** active, reloading, inactive, failed, activating, deactivating, maintenance, refreshing. */
  readonly active: string;
  readonly sub: string;
  /** Why it failed: exit-code, signal, timeout, start-limit-hit. */
  readonly result: string;
  readonly exitStatus: string;
  /** enabled, disabled, static, generated. */
  readonly file: string;
  /** The units that start it when they start; for an enabled one multi-user.target. */
  readonly wantedBy: string;
  /** Of a service: simple, notify, oneshot. */
  readonly type: string;
  readonly remainsAfterExit: boolean;
  /** Of a service that runs; else 0. */
  readonly mainPid: number;
  /** Whether systemd ends a service that does not report in time. */
  readonly hasWatchdog: boolean;
}

export type UnitAnswer =
  | { readonly kind: 'known'; readonly unit: UnitProperties }
  /** `absent`: there is no systemd to be asked. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly absent: boolean };

/** The question that sd_booted(3) asks. */
export const systemdRuns = (): boolean => existsSync('/run/systemd/system');

const PROPERTIES = [
  'LoadState',
  'ActiveState',
  'SubState',
  'Result',
  'ExecMainStatus',
  'UnitFileState',
  'WantedBy',
  'Type',
  'RemainAfterExit',
  'MainPID',
  'WatchdogUSec',
];

export async function readUnit(unit: string, limits: CallLimits): Promise<UnitAnswer> {
  if (!systemdRuns()) {
    const reason = 'systemd does not run here (there is no /run/systemd/system)';
    return { kind: 'unknown', reason, absent: true };
  }
  const command = ['systemctl', 'show', `--property=${PROPERTIES.join(',')}`, '--', unit];
  const outcome = await runProcess(command, { ...limits, killGraceMs: 100 });
  if (outcome.kind !== 'exited' || outcome.code !== 0) {
    const absent = outcome.kind === 'not-started' && outcome.missing;
    return { kind: 'unknown', reason: describeOutcome(command, outcome), absent };
  }
  return { kind: 'known', unit: parseUnit(outcome.output) };
}

export function parseUnit(output: string): UnitProperties {
  const property = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(output)?.[1] ?? '';
  return {
    load: property('LoadState'),
    active: property('ActiveState'),
    sub: property('SubState'),
    result: property('Result'),
    exitStatus: property('ExecMainStatus'),
    file: property('UnitFileState'),
    wantedBy: property('WantedBy'),
    type: property('Type'),
    remainsAfterExit: property('RemainAfterExit') === 'yes',
    mainPid: Number(property('MainPID')),
    hasWatchdog: !['', '0', 'infinity'].includes(property('WatchdogUSec')),
  };
}

export async function readUnitState(unit: string, limits: CallLimits): Promise<UnitState> {
  const answer = await readUnit(unit, limits);
  if (answer.kind === 'unknown') return answer.absent ? 'absent' : 'unknown';
  return answer.unit.load === 'loaded' ? stateOf(answer.unit) : 'absent';
}

/** A unit that takes over its configuration (reloading, refreshing) serves meanwhile. */
export function stateOf({ active }: UnitProperties): Exclude<UnitState, 'absent' | 'unknown'> {
  if (active === 'active' || active === 'reloading' || active === 'refreshing') return 'active';
  if (active === 'inactive' || active === 'failed') return active;
  return 'changing';
}

/** '' on success, else what systemctl said. `kill` is SIGKILL to every process of the unit. */
export async function controlUnit(
  verb: 'start' | 'stop' | 'reset-failed' | 'kill',
  unit: string,
  limits: CallLimits,
): Promise<string> {
  const signal = verb === 'kill' ? ['--signal=SIGKILL'] : [];
  const command = ['systemctl', '--no-ask-password', verb, ...signal, ...(await orderOf(verb)), '--', unit];
  const outcome = await runProcess(command, { ...limits, killGraceMs: 100 });
  return outcome.kind === 'exited' && outcome.code === 0 ? '' : describeOutcome(command, outcome);
}

/** Of the time that is left for a stop, for systemd to tell of the unit, to stop it, and to be asked to in vain. */
const LOOK_SHARE = 0.2;
const STOP_SHARE = 0.7;
const BLIND_STOP_SHARE = 0.4;

/**
 * Before the program of a unit is ended, since systemd would take that for a crash and start it again. '' when it does
 * not; else why that is not known.
 */
export async function endUnit(unit: string | null, budget: Budget): Promise<string> {
  const state = unit === null ? 'absent' : await readUnitState(unit, left(budget, LOOK_SHARE));
  if (unit === null || !['active', 'changing', 'unknown'].includes(state)) return '';
  if (state !== 'unknown') {
    await controlUnit('stop', unit, left(budget, STOP_SHARE));
    return '';
  }
  const refused = await controlUnit('stop', unit, left(budget, BLIND_STOP_SHARE));
  return refused && `systemd does not tell of ${unit}, and may start it again: ${refused}`;
}

/**
 * Services stop after this daemon, so that it can hand over while they are there; while it is being stopped itself,
 * a stop that it asks for would wait for its own end.
 */
const orderOf = async (verb: string): Promise<readonly string[]> =>
  verb === 'stop' && (await ownJob()) !== null ? ['--job-mode=ignore-dependencies'] : [];
