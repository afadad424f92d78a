import { PutParameterCommand } from '@aws-sdk/client-ssm';
import type { AwsClients } from '../cloud/aws-clients.ts';
import { errorCode, type FailedCall } from '../cloud/cloud-error.ts';
import { TurnBatch } from '../cloud/turn-batch.ts';
import type { RequestReading, RequestVerdict } from '../core/afar-state.ts';
import type { CallResult } from '../core/events.ts';
import { type GroupName, NO_TERM, type Term, type TermRecord } from '../core/types.ts';
import { HintWriter } from './hint-writer.ts';
import { NewestSearch } from './newest-search.ts';
import { ParameterNames } from './parameter-names.ts';
import { type NameReading, ParameterReader } from './parameter-reader.ts';
import { RequestMailbox } from './request-mailbox.ts';
import { requestReading } from './request-record.ts';
import { TermCleaner } from './term-cleaner.ts';
import { decodeTermRecord, encodeTermRecord, VALUE_BYTES_MAX } from './term-record.ts';
import type { Witness, WitnessBounds } from './witness.ts';

const HINT_DELAY_MS = 4_000;
const HINT_INTERVAL_MS = 20_000;
const HINT_DEADLINE_MS = 5_000;
/** Groups that read together in one request; more of them leave too few names for each. */
const GROUPS_PER_REQUEST_MAX = 100;
/** Far more than a search needs: a bound, not a setting. */
const SEARCH_STEPS_MAX = 20;

interface NewestQuestion {
  readonly group: GroupName;
  readonly known: Term;
}

/** The record of a term, and how long ago it was made by the service's clock, where that is known. */
interface StoredValue {
  readonly value: string;
  readonly ageMs: number | null;
}

/**
 * The witness in Systems Manager's Parameter Store. A term is a parameter `<prefix>/<group>/term/<N>`, created
 * with Overwrite=false, which is the compare-and-set; `<prefix>/<group>/newest` is a hint that saves listing.
 */
export class SsmWitness implements Witness {
  readonly #clients: AwsClients;
  readonly #names: ParameterNames;
  readonly #reader: ParameterReader;
  readonly #hints: HintWriter;
  readonly #cleaner: TermCleaner;
  readonly #mailbox: RequestMailbox;
  readonly #newest: TurnBatch<NewestQuestion, CallResult>;
  /** The highest term seen to exist: what is deleted must lie below it. */
  readonly #highest = new Map<GroupName, Term>();

  constructor(options: { readonly clients: AwsClients; readonly prefix: string }) {
    this.#clients = options.clients;
    this.#names = new ParameterNames(options.prefix);
    this.#reader = new ParameterReader(options.clients);
    this.#cleaner = new TermCleaner({ clients: options.clients, names: this.#names, reader: this.#reader });
    this.#mailbox = new RequestMailbox(options);
    this.#hints = new HintWriter({
      write: (group, term) => this.#writeHint(group, term),
      delayMs: HINT_DELAY_MS,
      intervalMs: HINT_INTERVAL_MS,
    });
    this.#newest = new TurnBatch<NewestQuestion, CallResult>({
      perform: (questions, bounds) => this.#readNewest(questions, bounds),
      late: () => failedRead('no answer in time'),
      sizeMax: GROUPS_PER_REQUEST_MAX,
    });
  }

  async createTerm(record: TermRecord, bounds: WitnessBounds): Promise<CallResult> {
    const value = encodeTermRecord(record);
    const bytes = Buffer.byteLength(value);
    if (bytes > VALUE_BYTES_MAX) {
      const reason = `the record of term ${record.term} has ${bytes} bytes, ${VALUE_BYTES_MAX} are possible: use fewer nodes or shorter names`;
      return { type: 'failed', failure: 'invalid', reason };
    }
    const command = new PutParameterCommand({
      Name: this.#names.term(record.group, record.term),
      Value: value,
      Type: 'String',
      Tier: 'Standard',
      Overwrite: false,
    });
    const outcome = await this.#clients.call(
      { operation: 'SSM PutParameter', service: 'ssm', kind: 'write' },
      bounds,
      (options) => this.#clients.ssm.send(command, options),
    );
    if (outcome.status === 'answered') {
      this.#seen(record.group, record.term);
      this.#hints.note(record.group, record.term);
      return { type: 'term-created' };
    }
    return errorCode(outcome.error) === 'ParameterAlreadyExists' ? { type: 'term-exists' } : outcome.result;
  }

  async readTerm(group: GroupName, term: Term, bounds: WitnessBounds): Promise<CallResult> {
    const reading = await this.#reader.read(this.#names.term(group, term), bounds);
    if (reading.status === 'failed') return reading.failed;
    if (reading.status === 'missing') return { type: 'term-record', record: null };
    const decoded = this.#decode(group, term, reading.value);
    return decoded.status === 'failed' ? decoded.failed : { type: 'term-record', record: decoded.record };
  }

  readNewest(group: GroupName, known: Term, bounds: WitnessBounds): Promise<CallResult> {
    return this.#newest.ask({ group, known }, bounds);
  }

  closeRequest(id: string, verdict: RequestVerdict, bounds: WitnessBounds): Promise<CallResult> {
    return this.#mailbox.close(id, verdict, bounds);
  }

  async deleteTerms(group: GroupName, upTo: Term, bounds: WitnessBounds): Promise<CallResult> {
    if (upTo >= (this.#highest.get(group) ?? NO_TERM)) {
      const reason = `terms up to ${upTo} of group ${group} were not deleted: no newer one was seen`;
      return { type: 'failed', failure: 'invalid', reason };
    }
    return this.#cleaner.deleteTerms(group, upTo, bounds);
  }

  close(): void {
    this.#hints.close();
  }

  /** The operator's request takes the tenth name of the first call, so that it costs none of its own. */
  async #readNewest(
    questions: readonly NewestQuestion[],
    bounds: WitnessBounds,
  ): Promise<readonly CallResult[]> {
    const asking = this.#reader.read(this.#names.request, bounds);
    const width = Math.floor(9 / questions.length);
    const results = await Promise.all(
      questions.map((question) => this.#searchNewest(question, width, bounds)),
    );
    const request = readingOf(await asking);
    if (request === null) return results;
    return results.map((result) => (result.type === 'newest-term' ? { ...result, request } : result));
  }

  async #searchNewest(
    { group, known }: NewestQuestion,
    width: number,
    bounds: WitnessBounds,
  ): Promise<CallResult> {
    const untilMs = performance.now() + bounds.deadlineMs;
    const search = new NewestSearch(known, width);
    const values = new Map<Term, StoredValue>();
    for (let steps = 0; steps < SEARCH_STEPS_MAX; steps += 1) {
      const left: WitnessBounds = { signal: bounds.signal, deadlineMs: untilMs - performance.now() };
      if (left.deadlineMs <= 0 || bounds.signal.aborted) return failedRead('no answer in time');
      const step = search.next();
      switch (step.type) {
        case 'done':
          return this.#newestResult(group, step.newest, values);
        case 'probe': {
          const failed = await this.#probe(group, step, search, values, left);
          if (failed !== null) return failed;
          break;
        }
        case 'list': {
          const listing = await this.#reader.list(this.#names.terms(group), left);
          if (listing.status === 'failed') return listing.failed;
          for (const [name, value] of listing.values) {
            const term = this.#names.termOf(group, name);
            if (term !== null) values.set(term, { value, ageMs: null });
          }
          search.learnList([...values.keys()]);
          break;
        }
      }
    }
    return failedRead(`the newest term of group ${group} was not found in ${SEARCH_STEPS_MAX} requests`);
  }

  async #probe(
    group: GroupName,
    step: { readonly terms: readonly Term[]; readonly withHint: boolean },
    search: NewestSearch,
    values: Map<Term, StoredValue>,
    bounds: WitnessBounds,
  ): Promise<FailedCall | null> {
    const hintReading = step.withHint ? this.#reader.read(this.#names.newest(group), bounds) : null;
    const readings = await Promise.all(
      step.terms.map((term) => this.#reader.read(this.#names.term(group, term), bounds)),
    );
    const hint = hintReading === null ? null : await hintReading;
    const found: Term[] = [];
    for (const [index, reading] of readings.entries()) {
      const term = step.terms[index];
      if (reading.status === 'failed') return reading.failed;
      if (reading.status === 'missing' || term === undefined) continue;
      found.push(term);
      values.set(term, { value: reading.value, ageMs: ageOf(reading) });
    }
    if (hint?.status === 'failed') return hint.failed;
    search.learn(step.terms, found, hintOf(hint));
    return null;
  }

  #newestResult(group: GroupName, newest: Term, values: ReadonlyMap<Term, StoredValue>): CallResult {
    if (newest === NO_TERM) return { type: 'newest-term', record: null };
    const { value, ageMs } = values.get(newest) ?? { value: '', ageMs: null };
    const decoded = this.#decode(group, newest, value);
    if (decoded.status === 'failed') return decoded.failed;
    return { type: 'newest-term', record: decoded.record, ...(ageMs === null ? {} : { ageMs }) };
  }

  #decode(
    group: GroupName,
    term: Term,
    value: string,
  ): { status: 'record'; record: TermRecord } | { status: 'failed'; failed: FailedCall } {
    const decoded = decodeTermRecord(value, group, term);
    if (decoded.status === 'record') {
      this.#seen(group, term);
      return decoded;
    }
    const reason = `the parameter ${this.#names.term(group, term)} is not a record of this program (${decoded.reason}); nothing was changed: delete it, or give the cluster a prefix of its own`;
    return { status: 'failed', failed: { type: 'failed', failure: 'invalid', reason } };
  }

  #seen(group: GroupName, term: Term): void {
    if (term > (this.#highest.get(group) ?? NO_TERM)) this.#highest.set(group, term);
  }

  #writeHint(group: GroupName, term: Term): Promise<unknown> {
    const command = new PutParameterCommand({
      Name: this.#names.newest(group),
      Value: String(term),
      Type: 'String',
      Tier: 'Standard',
      // It decides nothing, and so may be overwritten.
      Overwrite: true,
    });
    return this.#clients.call(
      { operation: 'SSM PutParameter', service: 'ssm', kind: 'write' },
      { signal: new AbortController().signal, deadlineMs: HINT_DEADLINE_MS },
      (options) => this.#clients.ssm.send(command, options),
    );
  }
}

function ageOf(reading: Extract<NameReading, { status: 'found' }>): number | null {
  const { dateMs, modifiedMs } = reading;
  return dateMs === null || modifiedMs === null ? null : Math.max(0, dateMs - modifiedMs);
}

/** null: not known, because it could not be read or the answer bore no date. */
function readingOf(reading: NameReading): RequestReading | null {
  if (reading.status === 'failed' || reading.dateMs === null) return null;
  return requestReading(reading.status === 'found' ? reading.value : null, reading.dateMs);
}

/** A hint that makes no sense is no hint. */
function hintOf(reading: NameReading | null): Term {
  if (reading?.status !== 'found' || !/^[1-9][0-9]{0,14}$/.test(reading.value)) return NO_TERM;
  return Number(reading.value) as Term;
}

function failedRead(why: string): FailedCall {
  return { type: 'failed', failure: 'unknown', reason: `reading the newest term failed: ${why}` };
}
