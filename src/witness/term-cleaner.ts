import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteParametersCommand } from '@aws-sdk/client-ssm';
import type { AwsClients } from '../cloud/aws-clients.ts';
import type { CallResult } from '../core/events.ts';
import { type GroupName, NO_TERM, type Term } from '../core/types.ts';
import type { ParameterNames } from './parameter-names.ts';
import type { ParameterReader } from './parameter-reader.ts';
import type { WitnessBounds } from './witness.ts';

const BATCH_MAX = 10;
/** Deleting shares the account's limit on writes with the claims: one batch a second, over all groups. */
const PAUSE_MS = 1_000;
/** A stretch that is longer than this was another leader's: listing is cheaper than asking name by name. */
const BLIND_MAX = 100;

/**
 * Deletes old terms from the bottom, so that those that remain lie side by side. It looks once where the bottom
 * is and remembers how far it came; what a call does not get done in its time, a later one does.
 */
export class TermCleaner {
  readonly #clients: AwsClients;
  readonly #names: ParameterNames;
  readonly #reader: ParameterReader;
  /** By group: every term up to this one is deleted. */
  readonly #deleted = new Map<GroupName, Term>();
  #freeMs = 0;

  constructor(options: { clients: AwsClients; names: ParameterNames; reader: ParameterReader }) {
    this.#clients = options.clients;
    this.#names = options.names;
    this.#reader = options.reader;
  }

  async deleteTerms(group: GroupName, upTo: Term, bounds: WitnessBounds): Promise<CallResult> {
    const untilMs = performance.now() + bounds.deadlineMs;
    const left = (): WitnessBounds => ({
      signal: bounds.signal,
      deadlineMs: Math.max(1, untilMs - performance.now()),
    });
    const found = await this.#remaining(group, upTo, left());
    if (!Array.isArray(found)) return found;
    for (let start = 0; start < found.length; start += BATCH_MAX) {
      const batch = found.slice(start, start + BATCH_MAX);
      const waitMs = this.#freeMs - performance.now();
      if (bounds.signal.aborted || performance.now() + waitMs >= untilMs) return unfinished(group);
      this.#freeMs = Math.max(performance.now(), this.#freeMs) + PAUSE_MS;
      if (waitMs > 0) await sleep(waitMs, undefined, { ref: false });
      const failed = await this.#deleteBatch(group, batch, left());
      if (failed !== null) return failed;
      this.#deleted.set(group, batch.at(-1) ?? NO_TERM);
    }
    this.#deleted.set(group, upTo);
    return { type: 'term-record', record: null };
  }

  /** What there is to delete, lowest first. */
  async #remaining(group: GroupName, upTo: Term, bounds: WitnessBounds): Promise<Term[] | CallResult> {
    const deleted = this.#deleted.get(group);
    if (deleted !== undefined && upTo - deleted <= BLIND_MAX) {
      return Array.from({ length: Math.max(0, upTo - deleted) }, (_, index) => (deleted + 1 + index) as Term);
    }
    const listing = await this.#reader.list(this.#names.terms(group), bounds);
    if (listing.status === 'failed') return listing.failed;
    return [...listing.values.keys()]
      .map((name) => this.#names.termOf(group, name))
      .filter((term) => term !== null && term <= upTo)
      .toSorted((a, b) => (a ?? 0) - (b ?? 0)) as Term[];
  }

  async #deleteBatch(
    group: GroupName,
    terms: readonly Term[],
    bounds: WitnessBounds,
  ): Promise<CallResult | null> {
    const command = new DeleteParametersCommand({
      Names: terms.map((term) => this.#names.term(group, term)),
    });
    const outcome = await this.#clients.call(
      { operation: 'SSM DeleteParameters', service: 'ssm', kind: 'write' },
      bounds,
      (options) => this.#clients.ssm.send(command, options),
    );
    return outcome.status === 'failed' ? outcome.result : null;
  }
}

function unfinished(group: GroupName): CallResult {
  const reason = `old terms of group ${group} are left: they are deleted with the next ones`;
  return { type: 'failed', failure: 'not-sent', reason };
}
