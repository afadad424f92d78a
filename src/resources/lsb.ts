import { constants } from 'node:fs';
import { access, readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { bootOddities } from './boot-oddities.ts';
import {
  CommandService,
  type CommandServiceOptions,
  type Exit,
  type Verb,
  type Verdict,
} from './command-service.ts';
import { programOddities } from './program-oddities.ts';
import type { AtBoot, CallLimits, Oddity, ResourceState } from './resource-adapter.ts';

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

  async oddities(limits: CallLimits): Promise<readonly Oddity[]> {
    const { script, atBoot } = this.#options;
    const text = await readFile(script, 'latin1').catch(() => null);
    // That there is no script is a failure of `validate` already.
    if (text === null) return [];
    const [odd, enabled] = await Promise.all([
      programOddities(script, '/'),
      // A unit of its own beside the script has links of its own; one that systemd made of the script has not.
      bootOddities(`${basename(script)}.service`, atBoot, limits),
    ]);
    return [...odd, ...headerOddities(script, text), ...enabled];
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

/** Linux Standard Base, "Comment Conventions for Init Scripts". */
function headerOddities(script: string, text: string): readonly Oddity[] {
  const [, header] = /^### BEGIN INIT INFO$([\s\S]*?)^### END INIT INFO$/m.exec(text) ?? [];
  const missing = ['Provides', 'Default-Start', 'Default-Stop'].filter(
    (keyword) => header !== undefined && !new RegExp(`^# ${keyword}:`, 'm').test(header),
  );
  if (header !== undefined && missing.length === 0) return [];
  const what =
    header === undefined ? 'has no LSB header' : `has an LSB header without ${missing.join(' and ')}`;
  const advice =
    'write one with Provides, Default-Start and Default-Stop: systemd and update-rc.d go by it, also to leave it off at boot';
  return [{ text: `${script} ${what} (### BEGIN INIT INFO)`, advice }];
}

async function startsAtBoot(script: string): Promise<boolean> {
  const links = await Promise.all(RUNLEVELS.map((level) => readdir(`/etc/rc${level}.d`).catch(() => [])));
  return links.flat().some((link) => /^S\d\d/.test(link) && link.slice(3) === basename(script));
}
