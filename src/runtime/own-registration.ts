import type { RegistryEntry, WriteOutcome } from '../witness/node-registry.ts';
import { type Registration, sameRegistration } from '../witness/registration-record.ts';
import { shown } from './peer-directory.ts';

export interface OwnRegistrationOptions {
  /** What should stand under this node's name. */
  readonly wanted: Registration;
  readonly write: (registration: Registration, how: { readonly overwrite: boolean }) => Promise<WriteOutcome>;
  readonly log: {
    info(sentence: string): void;
    warn(sentence: string): void;
  };
}

/** What the other nodes say of this one, at the moment of a look. */
export interface Standing {
  /** Some peer is in session with this instance: it is who bears the name (rule 17). */
  readonly accepted: boolean;
  /** For how long all peers were greeted and none refused; 0: they were not greeted yet. */
  readonly unrefusedMs: number;
  /** Longer than a peer would go on refusing for an instance that it hears no more. */
  readonly patienceMs: number;
}

/** Two that both think the name theirs must not spend the account's writes on it. */
const TAKE_AGAIN_AFTER_MS = 60_000;

/**
 * The entry under this node's own name (docs/decisions/0016). A free name is created, so that of two newcomers one
 * gets it. The entry of another instance is replaced only by one that the peers let in, or that no peer refused for
 * so long that none can be hearing the other. Who was registered before takes the name back only if it is let in.
 */
export class OwnRegistration {
  readonly #options: OwnRegistrationOptions;
  #settled = false;
  #wasRegistered = false;
  #sinceMs: number | null = null;
  #problem = '';
  #tookAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: OwnRegistrationOptions) {
    this.#options = options;
  }

  /** It stands there, as far as was seen last. */
  get settled(): boolean {
    return this.#settled;
  }

  get wanted(): Registration {
    return this.#options.wanted;
  }

  get sinceMs(): number | null {
    return this.#sinceMs;
  }

  /** Why it does not stand there; '' otherwise. */
  get problem(): string {
    return this.#problem;
  }

  async see(entry: RegistryEntry, standing: Standing, nowMs: number): Promise<void> {
    const { wanted } = this.#options;
    if (entry.status === 'registered' && sameRegistration(entry.registration, wanted)) {
      this.#stands(entry.sinceMs);
      return;
    }
    this.#settled = false;
    if (entry.status === 'missing') return this.#write(false);
    const isOurs = entry.status === 'registered' && entry.registration.instanceId === wanted.instanceId;
    if (isOurs) return this.#write(true);
    const whose = entry.status === 'registered' ? entry.registration : null;
    const reason = this.#whyNotTaken(standing, nowMs);
    if (reason !== '') {
      return this.#complain(
        `${wanted.node} is registered ${whose === null ? 'in words that are not understood' : `by ${whose.instanceId} at ${shown(whose)}`}; ${reason}`,
      );
    }
    this.#tookAtMs = nowMs;
    await this.#write(true);
    if (!this.#settled) return;
    const before = whose === null ? 'somebody' : whose.instanceId;
    this.#options.log.warn(`${wanted.node} was registered by ${before}, and is ${wanted.instanceId} now`);
  }

  #whyNotTaken({ accepted, unrefusedMs, patienceMs }: Standing, nowMs: number): string {
    if (nowMs - this.#tookAtMs < TAKE_AGAIN_AFTER_MS) {
      return 'this instance took the name less than a minute ago and waits: two instances run under it, stop one';
    }
    if (accepted) return '';
    if (this.#wasRegistered) {
      return 'this instance had the name and no other node hears it, so it leaves that as it is: stop one of the two';
    }
    return unrefusedMs >= patienceMs
      ? ''
      : 'this instance registers when no other node has heard that one for deadtime';
  }

  async #write(overwrite: boolean): Promise<void> {
    const { wanted, write, log } = this.#options;
    const outcome = await write(wanted, { overwrite });
    switch (outcome.status) {
      case 'written':
        log.info(`${wanted.node} is registered at ${shown(wanted)} (${wanted.instanceId})`);
        return this.#stands(Date.now());
      case 'was-there':
        return this.#complain(`another instance registered as ${wanted.node} at this moment`);
      case 'failed': {
        const { failure, reason } = outcome.failed;
        const advice =
          failure === 'denied' ? '; the role needs ssm:PutParameter on the parameters of node/' : '';
        return this.#complain(
          `${wanted.node} could not be registered, so other nodes may not find it: ${reason}${advice}`,
        );
      }
    }
  }

  #stands(sinceMs: number | null): void {
    this.#settled = true;
    this.#wasRegistered = true;
    this.#sinceMs = sinceMs;
    this.#problem = '';
  }

  #complain(problem: string): void {
    if (problem !== this.#problem) this.#options.log.warn(problem);
    this.#problem = problem;
  }
}
