import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inCgroup } from './cgroup.ts';
import { withoutOomProtection } from './child-priority.ts';
import { LOOK_EVERY_MS } from './command-service.ts';
import { trimFile } from './output-file.ts';
import { childEnvironment, describeOutcome, killGroup, runProcess } from './process-runner.ts';
import {
  findProcesses,
  ifNotThere,
  isAlive,
  type ProcessEntry,
  readBootId,
  readProcess,
} from './process-table.ts';
import { oddPrograms, programsOf } from './program-oddities.ts';
import {
  type Budget,
  type CallLimits,
  failedState,
  type Oddity,
  type ResourceAdapter,
  type ResourceState,
  RUNNING,
  STOPPED,
  startBudget,
  unhealthyState,
  waitUntil,
} from './resource-adapter.ts';

export interface SupervisedOptions {
  /** Names the resource in messages and its pid file: unique among those of one `runDir`. */
  readonly id: string;
  /** A program that stays in the foreground, with its arguments. */
  readonly run: readonly string[];
  /** Empty: it runs as long as its process lives. Else as for `exec`. */
  readonly monitor: readonly string[];
  readonly cwd: string | null;
  readonly env: Readonly<Record<string, string>>;
  readonly startTimeoutMs: number;
  readonly stopTimeoutMs: number;
  readonly monitorTimeoutMs: number;
  /** For its pid file and its output; the daemon makes it. With `id` it names the program on this machine. */
  readonly runDir: string;
  /** The control group that it starts in; null or left out: the daemon's own. */
  readonly cgroup?: string | null;
}

/** In the program's environment: finds it again when the pid file could not be written. */
const MARK = 'EIPKEEPER_RESOURCE';
/** A program that cannot start (a wrong option, a taken port) mostly ends within this. */
const SETTLE_MS = 150;

/**
 * A foreground program that the daemon starts but that must outlive it: in a session of its own, with a file
 * for its output (a pipe of ours would kill it when we go), recognised after a restart of the daemon by pid,
 * start time and boot.
 */
export class SupervisedProgram implements ResourceAdapter {
  readonly name: string;
  readonly #options: SupervisedOptions;
  #known: ProcessEntry | null = null;
  #outputKept = false;

  constructor(options: SupervisedOptions) {
    this.name = `exec ${options.id}`;
    this.#options = options;
  }

  get processes(): readonly ProcessEntry[] {
    return this.#known === null ? [] : [this.#known];
  }

  async validate(): Promise<ResourceState> {
    // That it cannot be looked for does not keep it from being started.
    const found = await this.#find().catch(() => null);
    return found === null ? STOPPED : RUNNING;
  }

  oddities(): Promise<readonly Oddity[]> {
    const { run, monitor, cwd } = this.#options;
    return oddPrograms(programsOf(run, monitor), cwd ?? '/');
  }

  async start(limits: CallLimits): Promise<ResourceState> {
    const budget = this.#budget(limits, this.#options.startTimeoutMs);
    const left = () => ({ signal: budget.signal, deadlineMs: budget.remainingMs() });
    if ((await this.monitor(left())).kind === 'unhealthy') await this.stop(left());
    if ((await this.#find()) === null) {
      const refused = await this.#launch();
      if (refused !== '') return this.#failed(`could not be run: ${refused}`);
      const settle = startBudget({ signal: limits.signal, deadlineMs: SETTLE_MS });
      if (await waitUntil(async () => (await this.#find()) === null, settle)) {
        return this.#failed(`ended at once; ${this.#whereItSpoke()}`);
      }
    }
    let state: ResourceState = STOPPED;
    await waitUntil(
      async () => {
        state = await this.monitor(left());
        return state.kind === 'running';
      },
      budget,
      LOOK_EVERY_MS,
    );
    return state;
  }

  async stop(limits: CallLimits): Promise<ResourceState> {
    const budget = this.#budget(limits, this.#options.stopTimeoutMs);
    const program = await this.#find();
    if (program === null) return STOPPED;
    for (const [signal, share] of [
      ['SIGTERM', 0.8],
      ['SIGKILL', 1],
    ] as const) {
      if (budget.signal.aborted) break;
      if (await isAlive(program)) killGroup(program.pid, signal);
      const part = startBudget({ signal: budget.signal, deadlineMs: budget.remainingMs() * share });
      if (await waitUntil(async () => !(await isAlive(program)), part)) {
        // What it started itself and left in its group goes with it: a restart must find nothing.
        killGroup(program.pid, 'SIGKILL');
        await rm(this.#file('pid'), { force: true }).catch(() => {});
        this.#known = null;
        return STOPPED;
      }
    }
    return this.#failed(`pid ${program.pid} could not be ended; look at it with "ps ${program.pid}"`);
  }

  async monitor(limits: CallLimits): Promise<ResourceState> {
    await trimFile(this.#file('log'));
    if ((await this.#find()) === null) return STOPPED;
    const { monitor, monitorTimeoutMs, cwd } = this.#options;
    if (monitor.length === 0) return RUNNING;
    const outcome = await runProcess(monitor, {
      signal: limits.signal,
      deadlineMs: Math.min(limits.deadlineMs, monitorTimeoutMs),
      env: this.#options.env,
      ...(cwd === null ? {} : { cwd }),
    });
    if (outcome.kind === 'exited' && outcome.code === 0) return RUNNING;
    const reason = `monitor: ${describeOutcome(monitor, outcome)}`;
    return outcome.kind === 'exited' ? unhealthyState(`${this.name}: ${reason}`) : this.#failed(reason);
  }

  async #launch(): Promise<string> {
    const { out, kept } = openOutput(this.#file('log'));
    this.#outputKept = kept;
    try {
      const [program = '', ...words] = inCgroup(this.#options.run, this.#options.cgroup ?? null);
      const child = spawn(program, words, {
        detached: true,
        stdio: ['ignore', out, out],
        ...(this.#options.cwd === null ? {} : { cwd: this.#options.cwd }),
        env: childEnvironment({ ...this.#options.env, [MARK]: this.#mark() }),
      });
      withoutOomProtection(child.pid);
      const refused = await new Promise<string>((resolve) => {
        child.once('spawn', () => resolve(''));
        child.on('error', (error) => resolve(error.message));
      });
      if (refused !== '') return refused;
      child.unref();
      this.#known = await readProcess(child.pid ?? 0);
      if (this.#known !== null) await this.#writePidFile(this.#known);
      return '';
    } finally {
      closeSync(out);
    }
  }

  /** The running program: as we started it, as the pid file names it, or as its mark tells. */
  async #find(): Promise<ProcessEntry | null> {
    if (this.#known !== null) {
      if (await isAlive(this.#known)) return this.#known;
      this.#known = null;
      return null;
    }
    this.#known = (await this.#fromPidFile()) ?? (await this.#byMark());
    return this.#known;
  }

  async #fromPidFile(): Promise<ProcessEntry | null> {
    const saved = parseSaved(await readFile(this.#file('pid'), 'utf8').catch(() => ''));
    if (saved === null || saved.bootId !== (await readBootId())) return null;
    const entry = await readProcess(saved.pid);
    return entry?.startTicks === saved.startTicks ? entry : null;
  }

  async #byMark(): Promise<ProcessEntry | null> {
    const wanted = `${MARK}=${this.#mark()}`;
    // Its own children inherit the mark; the program itself is the one that leads the session.
    for (const leader of await findProcesses((entry) => entry.sessionId === entry.pid)) {
      const environment = await readFile(`/proc/${leader.pid}/environ`, 'utf8').catch(ifNotThere(''));
      if (environment.split('\0').includes(wanted)) return leader;
    }
    return null;
  }

  async #writePidFile(entry: ProcessEntry): Promise<void> {
    const file = this.#file('pid');
    const text = JSON.stringify({ pid: entry.pid, startTicks: entry.startTicks, bootId: await readBootId() });
    try {
      await writeFile(`${file}.new`, `${text}\n`, { mode: 0o600 });
      await rename(`${file}.new`, file);
    } catch {
      // A full or read-only disk: the mark in its environment will tell it.
    }
  }

  /** Two nodes on one machine (a demo, a test) have groups and resources of the same names. */
  #mark(): string {
    return join(this.#options.runDir, this.#options.id);
  }

  #whereItSpoke(): string {
    const file = this.#file('log');
    if (this.#outputKept) return `its last words are in ${file}`;
    return `what it said is lost, because ${file} cannot be written: run "${this.#options.run.join(' ')}" by hand to see it`;
  }

  #file(kind: 'pid' | 'log'): string {
    return join(this.#options.runDir, `${this.#options.id}.${kind}`);
  }

  #budget(limits: CallLimits, ownMs: number): Budget {
    return startBudget({ signal: limits.signal, deadlineMs: Math.min(limits.deadlineMs, ownMs) });
  }

  #failed(reason: string): ResourceState {
    return failedState(`${this.name}: ${reason}`);
  }
}

function openOutput(file: string): { out: number; kept: boolean } {
  try {
    return { out: openSync(file, 'a', 0o600), kept: true };
  } catch {
    return { out: openSync('/dev/null', 'w'), kept: false };
  }
}

interface SavedProgram {
  readonly pid: number;
  readonly startTicks: number;
  readonly bootId: string;
}

/** Null for a file that is not there or damaged: the mark in its environment will tell it. */
function parseSaved(text: string): SavedProgram | null {
  try {
    const { pid, startTicks, bootId } = JSON.parse(text) as Record<string, unknown>;
    if (typeof pid !== 'number' || pid <= 1) return null;
    return typeof startTicks === 'number' && typeof bootId === 'string' ? { pid, startTicks, bootId } : null;
  } catch {
    return null;
  }
}
