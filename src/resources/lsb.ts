import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  CommandService,
  type CommandServiceOptions,
  type Exit,
  type Verb,
  type Verdict,
} from './command-service.ts';
import type { AtBoot, CallLimits, ResourceState } from './resource-adapter.ts';

export interface LsbOptions extends Omit<CommandServiceOptions, 'name' | 'cwd'> {
  /** Its path. */
  readonly script: string;
  readonly atBoot: AtBoot;
}

/** What `status` answers, by the Linux Standard Base: runs; dead with a pid file; dead with a lock file; does not run. */
const RUNS = 0;
const DEAD = [1, 2];
const NOT_RUNNING = 3;
const RUNLEVELS = ['2', '3', '4', '5'];

/** Any init script that has a `status`. */
export class LsbScript extends CommandService {
  readonly #options: LsbOptions;

  constructor(options: LsbOptions) {
    super({ ...options, name: `lsb ${options.id}`, cwd: '/' });
    this.#options = options;
  }

  async validate(limits: CallLimits): Promise<ResourceState> {
    const { script, atBoot } = this.#options;
    const isThere = await access(script, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!isThere) return this.failed(`there is no script ${script}, or it may not be run`);
    const state = await this.monitor(limits);
    if (state.kind === 'failed') return state;
    const kind = state.kind === 'running' ? 'running' : 'stopped';
    if (atBoot === 'welcome' || !(await startsAtBoot(script))) return { kind };
    const name = basename(script);
    const said = `${script} is enabled, so at boot it starts on every node; "update-rc.d ${name} disable" (or "chkconfig ${name} off") leaves that to eipkeeper`;
    return atBoot === 'forbidden' ? this.failed(said) : { kind, warning: `${this.name}: ${said}` };
  }

  protected command(verb: Verb): readonly string[] {
    return [this.#options.script, verb === 'monitor' ? 'status' : verb];
  }

  protected environment(): Readonly<Record<string, string>> {
    return {};
  }

  protected judge(exit: Exit): Verdict {
    if (exit.code === RUNS) return 'running';
    // One without a status shows how it is used, and ends with any of the codes.
    if (/\busage:/i.test(exit.output)) return 'unknown';
    if (exit.code === NOT_RUNNING) return 'stopped';
    return DEAD.includes(exit.code) ? 'unhealthy' : 'unknown';
  }

  protected isDown(exit: Exit): boolean {
    return this.judge(exit) === 'stopped' || this.judge(exit) === 'unhealthy';
  }
}

async function startsAtBoot(script: string): Promise<boolean> {
  const links = await Promise.all(RUNLEVELS.map((level) => readdir(`/etc/rc${level}.d`).catch(() => [])));
  return links.flat().some((link) => /^S\d\d/.test(link) && link.slice(3) === basename(script));
}
