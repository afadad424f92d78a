import {
  CommandService,
  type CommandServiceOptions,
  type Exit,
  type Verb,
  type Verdict,
} from './command-service.ts';
import { oddPrograms, programsOf } from './program-oddities.ts';
import { type Oddity, type ResourceState, STOPPED } from './resource-adapter.ts';

export interface ExecOptions extends Omit<CommandServiceOptions, 'name'> {
  readonly start: readonly string[];
  readonly stop: readonly string[];
  readonly monitor: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What the monitor of an OCF agent (7) and the status of an LSB script (3) answer for "not running". */
const NOT_RUNNING = [3, 7];

/**
 * A service that is run by three commands of the operator's. `monitor` exits with 0 when it runs, with 3 (LSB) or
 * 7 (OCF) when it is stopped, with anything else when it runs badly.
 */
export class ExecResource extends CommandService {
  readonly #options: ExecOptions;

  constructor(options: ExecOptions) {
    super({ ...options, name: `exec ${options.id}` });
    this.#options = options;
  }

  async validate(): Promise<ResourceState> {
    // Whether a command of the operator's would work cannot be asked without running it.
    return STOPPED;
  }

  oddities(): Promise<readonly Oddity[]> {
    const { start, stop, monitor, cwd } = this.#options;
    return oddPrograms(programsOf(start, stop, monitor), cwd ?? '/');
  }

  protected command(verb: Verb): readonly string[] {
    return this.#options[verb];
  }

  protected environment(): Readonly<Record<string, string>> {
    return this.#options.env;
  }

  protected judge({ code }: Exit): Verdict {
    if (code === 0) return 'running';
    return NOT_RUNNING.includes(code) ? 'stopped' : 'unhealthy';
  }

  protected isDown({ code }: Exit): boolean {
    return NOT_RUNNING.includes(code);
  }
}
