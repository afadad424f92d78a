import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { errorCode } from './cloud-error.ts';

/** What the instance metadata service says of this instance. */
export interface InstanceIdentity {
  readonly instanceId: string;
  readonly region: string;
  readonly availabilityZone: string;
  /** Of the primary interface. */
  readonly mac: string;
  readonly networkInterfaceId: string;
  /** The primary private IPv4 address of the primary interface, then all of them. */
  readonly privateAddress: string;
  readonly privateAddresses: readonly string[];
}

export type ImdsErrorCode = 'no-service' | 'disabled' | 'token-refused' | 'not-found' | 'unusable';

/** Why the metadata service did not answer. `code` is for programs, the message for operators. */
export class ImdsError extends Error {
  readonly code: ImdsErrorCode;

  constructor(code: ImdsErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'ImdsError';
    this.code = code;
  }
}

const DEFAULT_ENDPOINT = 'http://169.254.169.254';
/** The longest that IMDSv2 grants. */
const TOKEN_TTL_S = 21_600;
const TOKEN_RENEWAL_MARGIN_MS = 600_000;
/** The service is on the same host: a slower answer will not come. */
const REQUEST_TIMEOUT_MS = 2_000;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 2_000;
const ANSWER_LENGTH_MAX = 65_536;

/**
 * The instance metadata service, version 2 only: every request carries a token, which is renewed before it ends
 * and when it is refused. The constructor does nothing; `close` ends the connections.
 */
export class Imds {
  readonly #endpoint: string;
  readonly #retryForMs: number;
  #onRetry: ((error: ImdsError) => void) | null;
  readonly #dispatcher = new Agent({ connections: 2, connect: { timeout: REQUEST_TIMEOUT_MS } });
  #token: { readonly value: string; readonly renewAtMs: number } | null = null;

  /**
   * `retryForMs`: early in the boot the service may refuse or be unreachable, so failures are repeated for this
   * long. `environment`: for AWS_EC2_METADATA_SERVICE_ENDPOINT and AWS_EC2_METADATA_DISABLED. `onRetry` hears the
   * first failure that is not the last: who waits for half a minute should know for what.
   */
  constructor(options: {
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly retryForMs: number;
    readonly onRetry?: (error: ImdsError) => void;
  }) {
    const { AWS_EC2_METADATA_SERVICE_ENDPOINT: given, AWS_EC2_METADATA_DISABLED: off } = options.environment;
    this.#endpoint = off?.toLowerCase() === 'true' ? '' : (given || DEFAULT_ENDPOINT).replace(/\/+$/, '');
    this.#retryForMs = options.retryForMs;
    this.#onRetry = options.onRetry ?? null;
  }

  /** Throws an ImdsError, or the signal's reason when it is given up. */
  async readIdentity(signal: AbortSignal): Promise<InstanceIdentity> {
    const mac = await this.#require('mac', signal);
    const of = (name: string) => this.#require(`network/interfaces/macs/${mac}/${name}`, signal);
    const [instanceId, region, availabilityZone, networkInterfaceId, addresses] = await Promise.all([
      this.#require('instance-id', signal),
      this.#require('placement/region', signal),
      this.#require('placement/availability-zone', signal),
      of('interface-id'),
      of('local-ipv4s'),
    ]);
    const privateAddresses = addresses.split(/\s+/).filter((address) => address !== '');
    const [privateAddress] = privateAddresses;
    if (privateAddress === undefined) {
      throw new ImdsError(
        'unusable',
        `the metadata service lists no private IPv4 address for ${networkInterfaceId}`,
      );
    }
    return {
      instanceId,
      region,
      availabilityZone,
      mac,
      networkInterfaceId,
      privateAddress,
      privateAddresses,
    };
  }

  /**
   * One value below /latest/meta-data/, or null when the service has none (404). Throws like `readIdentity`.
   * `retryForMs`: where another patience is wanted than at start.
   */
  async read(path: string, signal: AbortSignal, retryForMs = this.#retryForMs): Promise<string | null> {
    if (this.#endpoint === '') {
      throw new ImdsError(
        'disabled',
        'the metadata service is switched off by AWS_EC2_METADATA_DISABLED: unset it',
      );
    }
    const deadlineMs = performance.now() + retryForMs;
    for (let pauseMs = BACKOFF_FIRST_MS; ; pauseMs = Math.min(2 * pauseMs, BACKOFF_MAX_MS)) {
      try {
        return await this.#readOnce(path, signal);
      } catch (error) {
        signal.throwIfAborted();
        const failure = toImdsError(error, this.#endpoint);
        if (performance.now() + pauseMs > deadlineMs) throw failure;
        this.#onRetry?.(failure);
        this.#onRetry = null;
        await sleep(pauseMs, undefined, { signal });
      }
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #require(path: string, signal: AbortSignal): Promise<string> {
    const value = await this.read(path, signal);
    if (value !== null && value !== '') return value;
    throw new ImdsError(
      'not-found',
      `the metadata service has no ${path}: is this an EC2 instance in a VPC?`,
    );
  }

  async #readOnce(path: string, signal: AbortSignal): Promise<string | null> {
    const token = await this.#freshToken(signal);
    const first = await this.#get(path, token, signal);
    // A token is refused after the instance was stopped and started, or when the service lost it.
    if (first.status !== 401) return meaningOf(first, path);
    // Unless another reading has renewed it meanwhile.
    if (this.#token?.value === token) this.#token = null;
    return meaningOf(await this.#get(path, await this.#freshToken(signal), signal), path);
  }

  #get(path: string, token: string, signal: AbortSignal): Promise<Answer> {
    const headers = { 'x-aws-ec2-metadata-token': token };
    return this.#send('GET', `/latest/meta-data/${path}`, headers, signal);
  }

  async #freshToken(signal: AbortSignal): Promise<string> {
    const held = this.#token;
    if (held !== null && performance.now() < held.renewAtMs) return held.value;
    const askedMs = performance.now();
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_TTL_S) };
    const answer = await this.#send('PUT', '/latest/api/token', headers, signal);
    if (answer.status === 403) {
      throw new ImdsError(
        'disabled',
        'the metadata service is disabled on this instance (HttpEndpoint): enable it',
      );
    }
    if (answer.status !== 200 || answer.body === '') {
      throw new ImdsError('token-refused', `the metadata service gave no token (HTTP ${answer.status})`);
    }
    this.#token = { value: answer.body, renewAtMs: askedMs + TOKEN_TTL_S * 1000 - TOKEN_RENEWAL_MARGIN_MS };
    return answer.body;
  }

  async #send(
    method: 'GET' | 'PUT',
    path: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const response = await request(`${this.#endpoint}${path}`, {
      method,
      headers,
      signal,
      dispatcher: this.#dispatcher,
      headersTimeout: REQUEST_TIMEOUT_MS,
      bodyTimeout: REQUEST_TIMEOUT_MS,
    });
    const length = Number(response.headers['content-length'] ?? 0);
    if (length > ANSWER_LENGTH_MAX) {
      response.body.destroy();
      throw new ImdsError('unusable', `the metadata service answered with ${length} bytes for ${path}`);
    }
    return { status: response.statusCode, body: (await response.body.text()).trim() };
  }
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function meaningOf(answer: Answer, path: string): string | null {
  if (answer.status === 200) return answer.body;
  if (answer.status === 404) return null;
  if (answer.status === 401) {
    throw new ImdsError('token-refused', `the metadata service refused a fresh token for ${path} (HTTP 401)`);
  }
  throw new ImdsError('unusable', `the metadata service answered HTTP ${answer.status} for ${path}`);
}

function toImdsError(error: unknown, endpoint: string): ImdsError {
  if (error instanceof ImdsError) return error;
  const code = errorCode(error);
  // A hop limit that is too low drops the answer to the token request: it looks like a silence.
  const silent = ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_SOCKET'].includes(code);
  const message = silent
    ? `the metadata service at ${endpoint} did not answer (${code}): in a container the hop limit must be 2 (HttpPutResponseHopLimit)`
    : `there is no metadata service at ${endpoint} (${code}): run this on EC2, or set AWS_EC2_METADATA_SERVICE_ENDPOINT`;
  return new ImdsError('no-service', message, { cause: error });
}
