import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { MonitorSettings } from '../config/monitor-schema.ts';
import { httpGet } from './http-get.ts';
import { isOwnTrouble } from './own-trouble.ts';
import { describeOutcome, runProcess } from './process-runner.ts';
import { findProcesses, type ProcessEntry, readProcess } from './process-table.ts';
import {
  type CallLimits,
  failedState,
  type ResourceState,
  RUNNING,
  unhealthyState,
} from './resource-adapter.ts';
import { readUnitState } from './systemd-unit.ts';

/** One question beside those that a type of resource asks by itself. The reason has no name in front. */
export type Check = (limits: CallLimits) => Promise<ResourceState>;

/** Enough for a health page. */
const BODY_BYTES = 65_536;

/** The checks that a configuration asks for. `onProcesses` hears which processes a look found alive. */
export function createChecks(
  { process, systemd, tcp, http, command }: MonitorSettings['checks'],
  onProcesses: (found: readonly ProcessEntry[]) => void,
): readonly Check[] {
  const checks: Check[] = [];
  if (process !== null) checks.push(() => checkProcess(process, onProcesses));
  if (systemd !== null) checks.push((limits) => checkUnit(systemd, limits));
  if (tcp !== null) checks.push((limits) => checkTcp(tcp, limits));
  if (http !== null) checks.push((limits) => checkHttp(http, limits));
  if (command !== null) checks.push((limits) => checkCommand(command, limits));
  return checks;
}

async function checkProcess(
  { pidFile, executable }: NonNullable<MonitorSettings['checks']['process']>,
  onProcesses: (found: readonly ProcessEntry[]) => void,
): Promise<ResourceState> {
  if (executable !== null) {
    const found = await findProcesses((entry) => entry.executable === executable, { executable });
    // One of several may end in the ordinary course of things.
    onProcesses(found.length === 1 ? found : []);
    return found.length > 0 ? RUNNING : unhealthyState(`no process of ${executable} lives`);
  }
  const text = await readFile(pidFile ?? '', 'utf8').catch((error: NodeJS.ErrnoException) => error);
  if (typeof text !== 'string') {
    const reason = `${pidFile} cannot be read (${text.code})`;
    return text.code === 'ENOENT' ? unhealthyState(reason) : failedState(reason);
  }
  const pid = Number.parseInt(text, 10);
  const found = Number.isInteger(pid) && pid > 1 ? await readProcess(pid) : null;
  onProcesses(found === null ? [] : [found]);
  return found !== null
    ? RUNNING
    : unhealthyState(`the process in ${pidFile} (${text.trim().slice(0, 20)}) does not live`);
}

async function checkUnit(unit: string, limits: CallLimits): Promise<ResourceState> {
  const state = await readUnitState(unit, limits);
  if (state === 'active') return RUNNING;
  if (state === 'absent') return failedState(`systemd does not know ${unit}`);
  if (state === 'unknown') return failedState(`systemd does not tell of ${unit}`);
  return unhealthyState(`${unit} is ${state}`);
}

async function checkTcp(
  { host, port }: { readonly host: string; readonly port: number },
  { deadlineMs, signal }: CallLimits,
): Promise<ResourceState> {
  const where = `${host}:${port}`;
  const socket = connect({ host, port });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(deadlineMs))]);
  try {
    return await new Promise<ResourceState>((resolve) => {
      socket.once('connect', () => resolve(RUNNING));
      socket.once('error', (error) => resolve(unreachable(where, error)));
      limit.addEventListener('abort', () => resolve(silent(where, deadlineMs, signal)), { once: true });
    });
  } finally {
    socket.resetAndDestroy();
  }
}

export async function checkHttp(
  { url, expectStatus, expectBody }: NonNullable<MonitorSettings['checks']['http']>,
  { deadlineMs, signal }: CallLimits,
): Promise<ResourceState> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(deadlineMs))]);
  try {
    const { statusCode, text } = await httpGet(url, limit, expectBody === null ? 0 : BODY_BYTES);
    if (statusCode !== expectStatus)
      return unhealthyState(`${url} answered ${statusCode}, expected ${expectStatus}`);
    if (expectBody === null || text.includes(expectBody)) return RUNNING;
    return unhealthyState(`${url} answered without ${JSON.stringify(expectBody)}`);
  } catch (error) {
    return limit.aborted ? silent(url, deadlineMs, signal) : unreachable(url, error);
  }
}

async function checkCommand(command: readonly string[], limits: CallLimits): Promise<ResourceState> {
  const outcome = await runProcess(command, limits);
  if (outcome.kind === 'exited' && outcome.code === 0) return RUNNING;
  const reason = describeOutcome(command, outcome);
  return outcome.kind === 'exited' ? unhealthyState(reason) : failedState(reason);
}

/** A service that does not answer is at fault; a look that was called off found out nothing. */
function silent(where: string, deadlineMs: number, calledOff: AbortSignal): ResourceState {
  if (calledOff.aborted) return failedState(`the look at ${where} was called off`);
  return unhealthyState(`${where} did not answer within ${Math.ceil(deadlineMs)} ms`);
}

/** Without descriptors not even "localhost" has an address. */
function unreachable(where: string, error: unknown): ResourceState {
  const { message, syscall } = error as NodeJS.ErrnoException;
  const reason = `${where}: ${message}`;
  const isUnasked = isOwnTrouble(error) || syscall === 'getaddrinfo';
  return isUnasked ? failedState(reason) : unhealthyState(reason);
}
