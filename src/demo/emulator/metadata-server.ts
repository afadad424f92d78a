import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type MetadataSource, metadataAt } from './metadata-tree.ts';

const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';
const TTL_SECONDS_MAX = 21_600;
const TOKENS_MAX = 1_000;

/** `serve`: as usual. `unavailable`: 503 to everything, as early in boot. `hang`: no answer. */
export type MetadataMode = 'serve' | 'unavailable' | 'hang';

/** Notices of which an instance hears in its metadata; each is a 404 until it is set. */
export type MetadataNotice =
  | 'spot/instance-action'
  | 'events/recommendations/rebalance'
  | 'autoscaling/target-lifecycle-state'
  | 'events/maintenance/scheduled';

/**
 * The metadata service of one node, version 2 only: a session token first. On EC2 it tells callers apart by
 * where they are; on loopback all are 127.0.0.1, so each node has a port of its own.
 */
export class MetadataServer {
  readonly #source: MetadataSource;
  readonly #nowMs: () => number;
  readonly #notices = new Map<MetadataNotice, string>();
  readonly #tokens = new Map<string, number>();
  #mode: MetadataMode = 'serve';
  #server: Server | null = null;

  constructor(source: MetadataSource, nowMs: () => number) {
    this.#source = source;
    this.#nowMs = nowMs;
  }

  /** Port 0 lets the system choose. Resolves with the port. */
  async start(port: number, host: string): Promise<number> {
    const server = createServer((request, response) => this.#handle(request, response));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    return (server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  setMode(mode: MetadataMode): void {
    this.#mode = mode;
  }

  /**
   * A text is served as it is (`autoscaling/target-lifecycle-state`), anything else as JSON; null takes it away. The
   * answers are those of AWS's own mock (docs/discoveries/metadata-events.md).
   */
  setNotice(notice: MetadataNotice, value: unknown): void {
    if (value === null) this.#notices.delete(notice);
    else this.#notices.set(notice, typeof value === 'string' ? value : JSON.stringify(value, null, '\t'));
  }

  /** Makes every session token invalid at once: callers see 401 and have to fetch a new one. */
  forgetTokens(): void {
    this.#tokens.clear();
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    if (this.#mode === 'hang') return;
    const answer = (status: number, body: string, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(body);
    };
    const path = new URL(request.url ?? '/', 'http://metadata').pathname;
    if (this.#mode === 'unavailable') answer(503, '');
    else if (request.method === 'PUT' && path === '/latest/api/token') this.#answerToken(request, answer);
    else if (request.method !== 'GET') answer(405, '');
    else if (!this.#isValid(request.headers['x-aws-ec2-metadata-token'])) answer(401, '');
    else {
      const value = metadataAt(path, this.#source, this.#notices);
      if (value === null) answer(404, '');
      else answer(200, value, /^[[{]/.test(value) ? { 'content-type': 'application/json' } : {});
    }
  }

  #answerToken(
    request: IncomingMessage,
    answer: (status: number, body: string, headers?: Record<string, string>) => void,
  ): void {
    // A forwarded request is refused: it is how IMDSv2 keeps open proxies from giving away credentials.
    if (request.headers['x-forwarded-for'] !== undefined) return answer(403, '');
    const ttl = String(request.headers[TTL_HEADER] ?? '');
    if (!/^\d{1,5}$/.test(ttl) || Number(ttl) < 1 || Number(ttl) > TTL_SECONDS_MAX) return answer(400, '');
    const token = `${randomBytes(39).toString('base64url')}==`;
    const oldest = this.#tokens.keys().next();
    if (this.#tokens.size >= TOKENS_MAX && oldest.done !== true) this.#tokens.delete(oldest.value);
    this.#tokens.set(token, this.#nowMs() + Number(ttl) * 1000);
    answer(200, token, { [TTL_HEADER]: ttl });
  }

  #isValid(token: string | string[] | undefined): boolean {
    const expiresAtMs = typeof token === 'string' ? this.#tokens.get(token) : undefined;
    return expiresAtMs !== undefined && this.#nowMs() < expiresAtMs;
  }
}
