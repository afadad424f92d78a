import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import type { AwsClients } from '../cloud/aws-clients.ts';
import { errorCode, type FailedCall } from '../cloud/cloud-error.ts';
import type { RequestVerdict } from '../core/afar-state.ts';
import type { CallResult } from '../core/events.ts';
import type { MoveRequest } from '../core/message.ts';
import type { GroupName, NodeName } from '../core/types.ts';
import { ParameterNames } from './parameter-names.ts';
import { ParameterReader } from './parameter-reader.ts';
import {
  decodeRequest,
  encodeRequest,
  REQUEST_LIFE_MOST_MS,
  type RequestRecord,
  requestReading,
} from './request-record.ts';
import type { WitnessBounds } from './witness.ts';

export interface RequestWish {
  readonly group: GroupName;
  readonly target: NodeName;
  readonly kind: MoveRequest['kind'];
  /** Who asks, for logs and records: an ARN, at most 300 characters. */
  readonly by: string;
  /** At most an hour. */
  readonly lifeMs: number;
}

/** One that was written, or may have been. */
export interface PostedRequest {
  readonly id: string;
  /** By the witness's clock, as ISO 8601. */
  readonly expires: string;
  /** By the clock of this process, and not before `expires`. */
  readonly untilMs: number;
  /** The id of what stood there before, null when nothing did; by this process's clock, until when that may still be read. */
  readonly before: { readonly id: string | null; readonly staleUntilMs: number };
}

export type RequestOutcome =
  | { readonly status: 'done' }
  | { readonly status: 'refused'; readonly reason: string; readonly by: NodeName }
  /** Nobody said anything before it expired. */
  | { readonly status: 'expired' }
  /** Somebody deleted it, or wrote another in its place. */
  | { readonly status: 'replaced' };

/** By what stands there, and no clock. */
export type RequestEnd = Exclude<RequestOutcome, { readonly status: 'expired' }>;

/** What was found when it was to be withdrawn: what is over already cannot be. */
export type Withdrawal = RequestEnd | { readonly status: 'withdrawn' };

/** The request could not be written, read or withdrawn; `busy`: another one stands there and is not over. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly busy: boolean;
  /** These credentials may not. */
  readonly denied: boolean;
  /** What stands there, or may, until it is withdrawn; null: nothing was written. */
  readonly posted: PostedRequest | null;

  constructor(
    message: string,
    {
      busy = false,
      denied = false,
      posted = null,
    }: Partial<Pick<RequestError, 'busy' | 'denied' | 'posted'>> = {},
  ) {
    super(message);
    this.busy = busy;
    this.denied = denied;
    this.posted = posted;
  }
}

export interface RequestMailboxOptions {
  readonly clients: AwsClients;
  readonly prefix: string;
  /** How long `watch` waits between two looks. */
  readonly lookEveryMs?: number;
}

const CALL_TIMEOUT_MS = 5_000;
const LOOK_EVERY_MS = 2_000;
/** SSM does not promise that a reading shows what was written before it. */
const STALE_MS = 10_000;
const REASON_MOST = 300;

/**
 * The one request of a cluster (rule 11 from afar), for who asks and for the nodes that answer. Two who write at
 * the same moment are not kept apart: the later one counts, and the earlier one is told by `watch`.
 */
export class RequestMailbox {
  readonly #clients: AwsClients;
  readonly #name: string;
  readonly #reader: ParameterReader;
  readonly #lookEveryMs: number;

  constructor(options: RequestMailboxOptions) {
    this.#lookEveryMs = options.lookEveryMs ?? LOOK_EVERY_MS;
    this.#clients = options.clients;
    this.#name = new ParameterNames(options.prefix).request;
    this.#reader = new ParameterReader(options.clients);
  }

  /**
   * Its life is counted by the witness's clock. The signal counts until it is sent: an answer that is not waited for
   * leaves open whether it stands there. Throws RequestError.
   */
  async write(wish: RequestWish, signal: AbortSignal): Promise<PostedRequest> {
    const { lifeMs, ...asked } = wish;
    if (!(lifeMs > 0 && lifeMs <= REQUEST_LIFE_MOST_MS)) {
      throw new RequestError(
        `a request lives for an hour at most, not for ${lifeMs} ms; nothing was written`,
      );
    }
    const { value, dateMs } = await this.#read(signal);
    const before = requestReading(value, dateMs);
    if (before.status === 'pending') {
      const { by, kind, target } = before.request;
      throw new RequestError(`${by} asked for a ${kind} to ${target} already, and that is not over`, {
        busy: true,
      });
    }
    const nowMs = performance.now();
    const id = randomBytes(8).toString('hex');
    const expires = new Date(dateMs + lifeMs).toISOString();
    const text = encodeRequest({ v: 1, id, ...asked, expires });
    const decoded = decodeRequest(text);
    if (decoded.status === 'foreign') throw new RequestError(`nothing was written: ${decoded.reason}`);
    const stood = { id: this.#recordOf(value)?.id ?? null, staleUntilMs: nowMs + STALE_MS };
    const posted = { id, expires, untilMs: nowMs + lifeMs, before: stood };
    await this.#put(text, posted);
    return posted;
  }

  /**
   * Waits until the request is over, at the latest when it expires. A look that fails does not end it, unless the next
   * ones would fail as well. Throws RequestError.
   */
  async watch(posted: PostedRequest, signal: AbortSignal): Promise<RequestOutcome> {
    for (;;) {
      const outcome = await this.#look(posted, signal);
      if (outcome !== null) return outcome;
      await sleep(this.#lookEveryMs, undefined, { signal }).catch(() => {
        throw new RequestError('given up', { posted });
      });
    }
  }

  /** From then on nothing is begun for it, once a node has read that it is gone. Throws RequestError. */
  async withdraw(id: string, signal: AbortSignal): Promise<Withdrawal> {
    const { value } = await this.#read(signal);
    const end = endOf(this.#recordOf(value), id);
    if (end !== null) return end;
    const outcome = await this.#clients.call(
      { operation: 'SSM DeleteParameter', service: 'ssm', kind: 'write' },
      { signal, deadlineMs: CALL_TIMEOUT_MS },
      (options) => this.#clients.ssm.send(new DeleteParameterCommand({ Name: this.#name }), options),
    );
    if (outcome.status === 'failed' && errorCode(outcome.error) !== 'ParameterNotFound') {
      throw failedCall(outcome.result);
    }
    return { status: 'withdrawn' };
  }

  /** A node says what became of it. Never rejects. */
  async close(id: string, verdict: RequestVerdict, bounds: WitnessBounds): Promise<CallResult> {
    const reading = await this.#reader.read(this.#name, bounds);
    if (reading.status === 'failed') return reading.failed;
    const record = this.#recordOf(reading.status === 'found' ? reading.value : null);
    if (record?.id !== id || record.verdict !== undefined) return { type: 'request-closed' };
    const reason = verdict.reason.replace(/\p{C}/gu, ' ').slice(0, REASON_MOST);
    const command = this.#putCommand(encodeRequest({ ...record, verdict: { ...verdict, reason } }));
    const outcome = await this.#clients.call(
      { operation: 'SSM PutParameter', service: 'ssm', kind: 'write' },
      bounds,
      (options) => this.#clients.ssm.send(command, options),
    );
    return outcome.status === 'failed' ? outcome.result : { type: 'request-closed' };
  }

  /** null: it is not over, or that could not be seen. */
  async #look(posted: PostedRequest, signal: AbortSignal): Promise<RequestOutcome | null> {
    try {
      const { value, dateMs } = await this.#read(signal);
      const record = this.#recordOf(value);
      const end = isOfBefore(record, posted) ? null : endOf(record, posted.id);
      if (end !== null) return end;
      return dateMs > Date.parse(posted.expires) ? { status: 'expired' } : null;
    } catch (error) {
      const { message, denied } = error as RequestError;
      if (!denied && !signal.aborted && performance.now() < posted.untilMs) return null;
      throw new RequestError(message, { denied, posted });
    }
  }

  #recordOf(value: string | null): RequestRecord | null {
    const decoded = value === null ? null : decodeRequest(value);
    return decoded?.status === 'request' ? decoded.record : null;
  }

  async #read(signal: AbortSignal): Promise<{ readonly value: string | null; readonly dateMs: number }> {
    const reading = await this.#reader.read(this.#name, { signal, deadlineMs: CALL_TIMEOUT_MS });
    if (reading.status === 'failed') throw failedCall(reading.failed);
    if (reading.dateMs === null) throw new RequestError('SSM answered without a date');
    return { value: reading.status === 'found' ? reading.value : null, dateMs: reading.dateMs };
  }

  async #put(text: string, posted: PostedRequest): Promise<void> {
    const outcome = await this.#clients.call(
      { operation: 'SSM PutParameter', service: 'ssm', kind: 'write' },
      { signal: new AbortController().signal, deadlineMs: CALL_TIMEOUT_MS },
      (options) => this.#clients.ssm.send(this.#putCommand(text), options),
    );
    if (outcome.status === 'answered') return;
    throw failedCall(outcome.result, outcome.result.failure === 'unknown' ? posted : null);
  }

  #putCommand(text: string): PutParameterCommand {
    return new PutParameterCommand({
      Name: this.#name,
      Value: text,
      Type: 'String',
      Tier: 'Standard',
      Overwrite: true,
    });
  }
}

/** What became of the request with that id; null: it stands there, and nobody has said anything. */
function endOf(record: RequestRecord | null, id: string): RequestEnd | null {
  if (record?.id !== id) return { status: 'replaced' };
  const { verdict } = record;
  if (verdict === undefined) return null;
  if (verdict.status === 'done') return { status: 'done' };
  return { status: 'refused', reason: verdict.reason, by: verdict.by };
}

const isOfBefore = (record: RequestRecord | null, { before }: PostedRequest): boolean =>
  (record?.id ?? null) === before.id && performance.now() < before.staleUntilMs;

const failedCall = ({ reason, failure }: FailedCall, posted: PostedRequest | null = null): RequestError =>
  new RequestError(reason, { denied: failure === 'denied', posted });
