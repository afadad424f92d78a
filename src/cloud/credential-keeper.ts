/** Whether calls can be signed. */
export type CredentialState =
  | { readonly status: 'loading' }
  /** `expiresAtMs` in milliseconds since 1970, null when they do not expire. */
  | { readonly status: 'valid'; readonly expiresAtMs: number | null }
  /** `reason` is a sentence for the operator. */
  | { readonly status: 'missing'; readonly reason: string };

export type LoadCredentials = (options?: {
  readonly forceRefresh?: boolean;
}) => Promise<{ readonly expiration?: Date }>;

/** The chain renews credentials, without holding up the call, when asked within five minutes of their end. */
const LOOK_INTERVAL_MS = 30_000;
const RETRY_INTERVAL_MS = 2_000;
/** How often a refused signature may ask for new ones: the metadata service is shared with everybody. */
const RENEW_GAP_MS = 10_000;

/**
 * Asks the credential chain regularly, so that it loads and renews in the background and a takeover finds
 * credentials that are ready. Never throws: a chain that fails makes the state `missing`.
 */
export class CredentialKeeper {
  readonly #load: LoadCredentials;
  #state: CredentialState = { status: 'loading' };
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  #lastRenewMs = Number.NEGATIVE_INFINITY;

  constructor(load: LoadCredentials) {
    this.#load = load;
  }

  start(): void {
    void this.#look();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  state(): CredentialState {
    const state = this.#state;
    if (state.status === 'valid' && state.expiresAtMs !== null && state.expiresAtMs <= Date.now()) {
      return {
        status: 'missing',
        reason:
          'the credentials have expired and no new ones could be loaded: see that the metadata service answers, and that the instance still has its role',
      };
    }
    return state;
  }

  /** The service refused them: loads new ones in the background, at most once in ten seconds. */
  renew(): void {
    if (this.#closed || performance.now() - this.#lastRenewMs < RENEW_GAP_MS) return;
    this.#lastRenewMs = performance.now();
    void this.#refresh({ forceRefresh: true });
  }

  async #look(): Promise<void> {
    await this.#refresh();
    if (this.#closed) return;
    const delayMs = this.state().status === 'valid' ? LOOK_INTERVAL_MS : RETRY_INTERVAL_MS;
    this.#timer = setTimeout(() => void this.#look(), delayMs);
    this.#timer.unref();
  }

  async #refresh(options?: { readonly forceRefresh: boolean }): Promise<void> {
    try {
      const { expiration } = await this.#load(options);
      this.#state = { status: 'valid', expiresAtMs: expiration?.getTime() ?? null };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // Those that are still valid stay in use: the chain keeps them, and so does this.
      if (this.state().status === 'valid') return;
      this.#state = {
        status: 'missing',
        reason: `no AWS credentials: ${reason}; give the instance a role and see that the metadata service answers`,
      };
    }
  }
}
