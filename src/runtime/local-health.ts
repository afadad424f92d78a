import type { LocalHealth } from '../core/events.ts';
import type { GroupName } from '../core/types.ts';
import type { CallLimits } from '../resources/resource-adapter.ts';

export interface LocalHealthOptions {
  readonly groups: readonly {
    readonly name: GroupName;
    /** '' or why its services could not be started here. */
    readonly validate: (limits: CallLimits) => Promise<string>;
    /** '' or why this group could not be led here. Asked often: it must be cheap. */
    readonly problem?: () => string;
  }[];
  /** '' or why no group could be led here at all (no credentials). Asked often: it must be cheap. */
  readonly generalProblem: () => string;
  readonly onHealth: (health: LocalHealth) => void;
}

const VALIDATE_EVERY_MS = 30_000;
const VALIDATE_TIMEOUT_MS = 10_000;
const GENERAL_EVERY_MS = 2_000;

/** What this node finds out about itself: a fault is told when it appears, not when the node should take over. */
export class LocalHealthWatch {
  readonly #options: LocalHealthOptions;
  readonly #abort = new AbortController();
  readonly #invalid = new Map<GroupName, string>();
  readonly #said = new Map<GroupName, string>();
  readonly #timers: NodeJS.Timeout[] = [];
  #validating = false;

  constructor(options: LocalHealthOptions) {
    this.#options = options;
  }

  start(): void {
    this.tell();
    void this.validate();
    this.#timers.push(setInterval(() => void this.validate(), VALIDATE_EVERY_MS));
    this.#timers.push(setInterval(() => this.tell(), GENERAL_EVERY_MS));
    for (const timer of this.#timers) timer.unref();
  }

  close(): void {
    this.#abort.abort();
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** Also after a reload, when the answer may have changed. */
  async validate(): Promise<void> {
    if (this.#validating) return;
    this.#validating = true;
    for (const group of this.#options.groups) {
      const limits = { deadlineMs: VALIDATE_TIMEOUT_MS, signal: this.#abort.signal };
      const reason = await group.validate(limits);
      if (this.#abort.signal.aborted) return;
      this.#invalid.set(group.name, reason);
      this.tell();
    }
    this.#validating = false;
  }

  /** What is new, at once. */
  tell(): void {
    const general = this.#options.generalProblem();
    for (const { name, problem } of this.#options.groups) {
      const ineligible = general || problem?.() || (this.#invalid.get(name) ?? '');
      if (this.#said.get(name) === ineligible) continue;
      this.#said.set(name, ineligible);
      this.#options.onHealth({ group: name, ineligible });
    }
  }
}
