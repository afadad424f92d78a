import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from './api-error.ts';
import type { CallJournal } from './call-journal.ts';
import type { CloudState } from './cloud-state.ts';
import type { Credentials } from './credentials.ts';
import { type Ec2Service, ec2ErrorXml } from './ec2-service.ts';
import type { FaultPlan, Faults } from './faults.ts';
import { QueryParameters } from './query-parameters.ts';
import type { JsonObject, SsmService } from './ssm-service.ts';
import { callerIdentityXml, stsErrorXml } from './sts-service.ts';

const BODY_BYTES_MAX = 1_000_000;
const SSM_TARGET_PREFIX = 'AmazonSSM.';

export interface ApiServerParts {
  readonly cloud: CloudState;
  readonly ec2: Ec2Service;
  readonly ssm: SsmService;
  readonly credentials: Credentials;
  readonly faults: Faults;
  readonly journal: CallJournal;
  readonly nowMs: () => number;
}

type Service = 'ec2' | 'ssm' | 'sts';

interface ApiRequest {
  readonly service: Service;
  readonly call: string;
  readonly accessKeyId: string;
  readonly parameters: JsonObject;
  /** Carries out the call and returns the answer's body. Throws ApiError. */
  readonly perform: (caller: string, staleMs: number) => string;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** What came of a call: an answer, or none. */
type Outcome =
  | { readonly kind: 'answer'; readonly answer: Answer; readonly result: string; readonly applied: boolean }
  | { readonly kind: 'silence'; readonly result: 'hung' | 'dropped'; readonly applied: boolean };

/** The one port behind which EC2, SSM and STS are told apart by the request's target and signature scope. */
export class ApiServer {
  readonly #parts: ApiServerParts;
  readonly #closing = new AbortController();
  #server: Server | null = null;

  constructor(parts: ApiServerParts) {
    this.#parts = parts;
  }

  /** Port 0 lets the system choose. Resolves with the port. */
  async start(port: number, host: string): Promise<number> {
    const server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy());
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    return (server.address() as AddressInfo).port;
  }

  /** Ends hanging calls too; their delayed effects no longer happen. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    this.#closing.abort();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    if (request.method === 'GET' && request.url === '/ping') {
      // AWS answers this without a signature, so clients use it to open connections ahead of need. It is no call.
      response.writeHead(200, { 'content-type': 'text/plain' }).end('healthy\n');
      return;
    }
    const parsed = this.#parse(request, body);
    const verdict = this.#parts.credentials.judge(parsed.accessKeyId);
    const caller = verdict.kind === 'unknown' ? '' : verdict.caller;
    const atMs = this.#parts.nowMs();
    const { service, call, parameters } = parsed;
    const end = this.#parts.journal.begin({ atMs, node: caller, service, call, parameters });
    const finish = (result: string, applied: boolean): void =>
      end({ result, applied, durationMs: this.#parts.nowMs() - atMs });

    if (this.#parts.cloud.isUnplugged(caller)) {
      // The request never got here; the caller sees a connection on which nothing comes.
      finish('hung', false);
      return;
    }
    const plan = this.#parts.faults.draw({ node: caller, service, call });
    await this.#pause(plan.beforeMs);
    const refusal = keyRefusal(parsed, verdict.kind);
    const outcome = refusal === null ? this.#carryOut(parsed, caller, plan) : errorOutcome(service, refusal);
    await this.#pause(plan.afterMs);
    if (outcome.kind === 'silence' || this.#parts.cloud.isUnplugged(caller)) {
      const result = outcome.kind === 'silence' ? outcome.result : 'hung';
      if (result === 'dropped') request.socket.resetAndDestroy();
      finish(result, outcome.applied);
      return;
    }
    const { status, contentType, body: text } = outcome.answer;
    response.writeHead(status, { 'content-type': contentType, 'x-amzn-requestid': randomUUID() }).end(text);
    finish(outcome.result, outcome.applied);
  }

  #carryOut(request: ApiRequest, caller: string, { failure, staleMs }: FaultPlan): Outcome {
    if (failure?.kind === 'http') {
      const answer = { status: failure.status, contentType: 'text/plain', body: 'Service Unavailable\n' };
      return { kind: 'answer', answer, result: `http ${failure.status}`, applied: false };
    }
    if (failure?.kind === 'error') {
      const { code, message = `${code}, as the fault rule says`, status } = failure;
      return errorOutcome(request.service, new ApiError(code, message, status));
    }
    const result = failure?.kind === 'hang' ? 'hung' : 'dropped';
    if (failure !== null && !failure.applied) return { kind: 'silence', result, applied: false };
    const outcome = attempt(request, caller, staleMs);
    return failure === null ? outcome : { kind: 'silence', result, applied: outcome.applied };
  }

  #parse(request: IncomingMessage, body: string): ApiRequest {
    const scope = /Credential=([^/]+)\/\d+\/[^/]+\/([^/]+)\/aws4_request/.exec(
      request.headers.authorization ?? '',
    );
    const accessKeyId = scope?.[1] ?? '';
    const target = String(request.headers['x-amz-target'] ?? '');
    if (target.startsWith(SSM_TARGET_PREFIX)) return this.#ssmRequest(target, accessKeyId, body);
    const parameters = new QueryParameters(body);
    const service = scope?.[2] === 'sts' ? 'sts' : 'ec2';
    return {
      service,
      accessKeyId,
      call: parameters.action,
      parameters: parameters.toRecord(),
      perform: (caller, staleMs) =>
        service === 'sts'
          ? callerIdentityXml(parameters.action, caller)
          : this.#parts.ec2.perform(parameters.action, parameters, staleMs),
    };
  }

  #ssmRequest(target: string, accessKeyId: string, body: string): ApiRequest {
    const call = target.slice(SSM_TARGET_PREFIX.length);
    const parameters = parseJson(body);
    return {
      service: 'ssm',
      accessKeyId,
      call,
      parameters: parameters ?? {},
      perform: (_caller, staleMs) => {
        if (parameters === null)
          throw new ApiError('SerializationException', 'The body is not a JSON object.');
        return JSON.stringify(this.#parts.ssm.perform(call, parameters, staleMs));
      },
    };
  }

  async #pause(delayMs: number): Promise<void> {
    // A caller that hangs up does not take back a request that has arrived: so only closing ends a pause.
    if (delayMs > 0) await sleep(delayMs, undefined, { signal: this.#closing.signal });
  }
}

const CONTENT_TYPES: Readonly<Record<Service, string>> = {
  ec2: 'text/xml;charset=UTF-8',
  ssm: 'application/x-amz-json-1.1',
  sts: 'text/xml',
};

function attempt(request: ApiRequest, caller: string, staleMs: number): Outcome {
  try {
    const body = request.perform(caller, staleMs);
    const answer = { status: 200, contentType: CONTENT_TYPES[request.service], body };
    return { kind: 'answer', answer, result: 'ok', applied: true };
  } catch (error) {
    if (error instanceof ApiError) return errorOutcome(request.service, error);
    throw error;
  }
}

function errorOutcome(service: Service, error: ApiError): Outcome {
  const bodies = {
    ec2: () => ec2ErrorXml(error),
    ssm: () => JSON.stringify({ __type: error.code, message: error.message }),
    sts: () => stsErrorXml(error),
  };
  const answer = { status: error.status, contentType: CONTENT_TYPES[service], body: bodies[service]() };
  return { kind: 'answer', answer, result: error.code, applied: false };
}

/** Why the keys are refused, in the code that each service uses for it; null when they are good. */
function keyRefusal(
  { service, accessKeyId }: ApiRequest,
  verdict: 'caller' | 'expired' | 'unknown',
): ApiError | null {
  if (verdict === 'caller') return null;
  const ec2 = service === 'ec2';
  if (accessKeyId === '') {
    return new ApiError(
      ec2 ? 'MissingAuthenticationToken' : 'MissingAuthenticationTokenException',
      'Request is missing Authentication Token',
      403,
    );
  }
  if (verdict === 'expired') {
    return new ApiError(ec2 ? 'RequestExpired' : 'ExpiredTokenException', 'The security token is expired');
  }
  return ec2
    ? new ApiError('AuthFailure', 'AWS was not able to validate the provided access credentials')
    : new ApiError('UnrecognizedClientException', 'The security token included in the request is invalid.');
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Error(`a request of more than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(body: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as JsonObject) : null;
  } catch {
    return null;
  }
}
