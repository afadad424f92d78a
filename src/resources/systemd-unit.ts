import { existsSync } from 'node:fs';
import { describeOutcome, runProcess } from './process-runner.ts';
import type { CallLimits } from './resource-adapter.ts';

/** What systemd knows of a unit; `absent` also where systemd is not process 1. */
export type UnitState = 'absent' | 'active' | 'inactive' | 'failed' | 'changing';

/** The question that sd_booted(3) asks. */
export const systemdRuns = (): boolean => existsSync('/run/systemd/system');

export async function readUnitState(unit: string, limits: CallLimits): Promise<UnitState> {
  if (!systemdRuns()) return 'absent';
  const command = ['systemctl', 'show', '--property=LoadState,ActiveState', '--', unit];
  const outcome = await runProcess(command, { ...limits, killGraceMs: 100 });
  if (outcome.kind !== 'exited' || outcome.code !== 0) return 'absent';
  return parseUnitState(outcome.output);
}

export function parseUnitState(output: string): UnitState {
  if (!/^LoadState=loaded$/m.test(output)) return 'absent';
  const active = /^ActiveState=(.*)$/m.exec(output)?.[1];
  if (active === 'active' || active === 'reloading') return 'active';
  if (active === 'inactive' || active === 'failed') return active;
  return 'changing';
}

/** '' on success, else what systemctl said. */
export async function controlUnit(
  verb: 'start' | 'stop' | 'reset-failed',
  unit: string,
  limits: CallLimits,
): Promise<string> {
  const command = ['systemctl', verb, '--', unit];
  const outcome = await runProcess(command, { ...limits, killGraceMs: 100 });
  return outcome.kind === 'exited' && outcome.code === 0 ? '' : describeOutcome(command, outcome);
}
