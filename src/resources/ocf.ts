import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import {
  CommandService,
  type CommandServiceOptions,
  type Exit,
  type Verb,
  type Verdict,
} from './command-service.ts';
import { parameterProblems, parseMetadata } from './ocf-metadata.ts';
import { describeOutcome, type ProcessOutcome, runProcess } from './process-runner.ts';
import { programOddities } from './program-oddities.ts';
import {
  type CallLimits,
  left,
  type Oddity,
  type ResourceState,
  RUNNING,
  startBudget,
} from './resource-adapter.ts';

export interface OcfOptions extends Omit<CommandServiceOptions, 'name' | 'cwd'> {
  readonly root: string;
  readonly provider: string;
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly checkLevel: number;
  readonly validateAll: boolean;
}

/** OCF Resource Agent API 1.1, return codes. */
const MEANINGS = [
  'success',
  'a fault that it does not name',
  'its parameters are wrong',
  'it does not know this action',
  'it lacks a permission',
  'its software is not installed',
  'its configuration is wrong',
  'it does not run',
];
/** 0; and what Pacemaker's promoted and degraded resources answer: they run. */
const RUNS = [0, 8, 190, 191];
const GENERIC_FAULT = 1;
const NOT_INSTALLED = 5;
const NOT_RUNNING = 7;
const FAILED_PROMOTED = 9;

/** Without these it cannot be run at all. */
const NEEDED_ACTIONS = ['start', 'stop', 'monitor'];

const METADATA_BYTES = 512 * 1024;

/** Any OCF resource agent, as Pacemaker would run it, never promoted. */
export class OcfAgent extends CommandService {
  readonly #options: OcfOptions;
  readonly #path: string;

  constructor(options: OcfOptions) {
    super({ ...options, name: `ocf ${options.id}`, cwd: null });
    this.#options = options;
    this.#path = `${options.root}/resource.d/${options.provider}/${options.type}`;
  }

  /** Its meta-data, the parameters against it, and then what the agent itself thinks of them. */
  async validate(limits: CallLimits): Promise<ResourceState> {
    const budget = startBudget(limits);
    const isThere = await access(this.#path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!isThere) {
      return this.failed(`there is no agent ${this.#path}, or it may not be run: install its package`);
    }
    const answer = await this.#ask('meta-data', left(budget));
    const metadata = 'output' in answer ? parseMetadata(answer.output) : null;
    if (answer.kind !== 'exited' || answer.code !== 0 || metadata === null) {
      const said = this.describe([this.#path, 'meta-data'], answer);
      return this.failed(`it gives no meta-data: ${said}`);
    }
    const problems = parameterProblems(metadata, this.#options.parameters);
    if (problems !== '') return this.failed(problems);
    if (!this.#options.validateAll || !metadata.actions.has('validate-all')) return RUNNING;
    const checked = await this.#ask('validate-all', left(budget));
    if (checked.kind === 'exited' && checked.code === 0) return RUNNING;
    return this.failed(this.describe([this.#path, 'validate-all'], checked));
  }

  /** That it is missing, or gives no meta-data, is a failure of `validate` already. */
  async oddities(limits: CallLimits): Promise<readonly Oddity[]> {
    const answer = await this.#ask('meta-data', limits);
    const metadata = 'output' in answer ? parseMetadata(answer.output) : null;
    if (metadata === null) return [];
    const missing = NEEDED_ACTIONS.filter((action) => !metadata.actions.has(action));
    const advice = 'see whether this agent is meant to be run as a resource';
    const text = `its meta-data does not name the action ${missing.join(' and ')}`;
    const odd = await programOddities(this.#path, '/');
    return missing.length === 0 ? odd : [...odd, { text, advice }];
  }

  protected command(verb: Verb): readonly string[] {
    return [this.#path, verb];
  }

  protected environment(_verb: string, deadlineMs: number): Readonly<Record<string, string>> {
    const { root, provider, type, id, parameters, checkLevel } = this.#options;
    const given = Object.entries(parameters).map(([name, value]) => [`OCF_RESKEY_${name}`, value]);
    return {
      // A daemon's own may lack the folders where the tools of an administrator are.
      PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`.replace(/^:/, ''),
      OCF_ROOT: root,
      OCF_RA_VERSION_MAJOR: '1',
      OCF_RA_VERSION_MINOR: '1',
      OCF_RESOURCE_INSTANCE: id,
      OCF_RESOURCE_PROVIDER: provider,
      OCF_RESOURCE_TYPE: type,
      OCF_CHECK_LEVEL: String(checkLevel),
      OCF_RESKEY_CRM_meta_timeout: String(Math.floor(deadlineMs)),
      ...Object.fromEntries(given),
    };
  }

  protected judge({ code }: Exit): Verdict {
    if (RUNS.includes(code)) return 'running';
    if (code === NOT_RUNNING) return 'stopped';
    return code === GENERIC_FAULT || code === FAILED_PROMOTED ? 'unhealthy' : 'unknown';
  }

  protected isDown({ code }: Exit): boolean {
    return code === NOT_RUNNING || code === NOT_INSTALLED;
  }

  /** With the meaning of its code, and the agent's own reason where it gives one. */
  protected override describe(command: readonly string[], outcome: ProcessOutcome): string {
    if (outcome.kind !== 'exited') return describeOutcome(command, outcome);
    const meaning = MEANINGS[outcome.code] ?? 'a code that OCF does not know';
    const reason = [...outcome.output.matchAll(/^ocf-exit-reason:(.*)$/gm)].at(-1)?.[1];
    const said = reason === undefined ? outcome : { ...outcome, output: reason.trim() };
    return `${describeOutcome(command, said)} (${outcome.code}: ${meaning})`;
  }

  #ask(action: string, limits: CallLimits): Promise<ProcessOutcome> {
    return runProcess([this.#path, action], {
      ...limits,
      env: this.environment(action, limits.deadlineMs),
      maxOutputBytes: METADATA_BYTES,
      keep: 'head',
    });
  }
}
