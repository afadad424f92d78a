import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { boundedCall, type CallBounds, type Outcome } from './bounded-call.ts';
import { isStaleCredentials } from './cloud-error.ts';
import { CredentialKeeper } from './credential-keeper.ts';
import { TrackedAgents } from './tracked-agents.ts';

export type Service = 'ec2' | 'ssm';

export interface AwsClientOptions {
  readonly region: string;
  /** For the user agent: "eipkeeper/0.1.0". */
  readonly version: string;
  /** The environment, for AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_EC2 and AWS_ENDPOINT_URL_SSM. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Only for tests and the demo: instead of the default chain. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Told of every call that is over: "EC2 DescribeAddresses", "ok" or the class of the failure, milliseconds. */
  readonly onCall?: (operation: string, result: string, tookMs: number) => void;
}

/** What one call needs besides its command. A `read` may be sent a second time within its deadline. */
export interface CallKind {
  /** "EC2 DescribeAddresses": how the sentence of a failure begins. */
  readonly operation: string;
  readonly service: Service;
  readonly kind: 'read' | 'write';
}

/** Long enough for three SYNs (EC2 drops the first ones while routes settle), short against a slow look. */
const CONNECT_TIMEOUT_MS = 3_500;
/** A backstop only: every call has a deadline of its own, which is shorter. */
const REQUEST_TIMEOUT_MS = 30_000;
/** A takeover makes two calls to one service at a time (a look and a move). */
const WARM_CONNECTIONS = 2;
const WARM_INTERVAL_MS = 15_000;
const WARM_TIMEOUT_MS = 5_000;

/**
 * The clients of EC2 and Systems Manager, ready to be used at once: credentials are loaded and renewed, and
 * connections opened, in the background and not in the path of a takeover. Each call has a deadline, is tried
 * once (the core repeats), and never rejects.
 */
export class AwsClients {
  readonly ec2: EC2Client;
  readonly ssm: SSMClient;
  readonly #agents: Record<Service, TrackedAgents>;
  readonly #credentials: CredentialKeeper;
  readonly #onCall: AwsClientOptions['onCall'];
  #warmTimer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: AwsClientOptions) {
    this.#onCall = options.onCall;
    this.#agents = {
      ec2: new TrackedAgents({ connectTimeoutMs: CONNECT_TIMEOUT_MS }),
      ssm: new TrackedAgents({ connectTimeoutMs: CONNECT_TIMEOUT_MS }),
    };
    const common = (service: Service) => ({
      region: options.region,
      ...endpointOf(service, options.environment),
      maxAttempts: 1,
      retryMode: 'standard',
      // Any other mode may ask the metadata service for the Region before the first call.
      defaultsMode: 'standard' as const,
      customUserAgent: [['eipkeeper', options.version]] as [string, string][],
      requestHandler: handlerOver(this.#agents[service]),
    });
    const given = options.credentials;
    this.ssm = new SSMClient({ ...common('ssm'), ...(given ? { credentials: given } : {}) });
    // One chain for both: its provider remembers what it loaded.
    this.ec2 = new EC2Client({ ...common('ec2'), credentials: this.ssm.config.credentials });
    this.#credentials = new CredentialKeeper((load) => this.ssm.config.credentials(load));
  }

  /** Loads credentials and opens connections in the background, and keeps both fresh until `close`. */
  start(): void {
    this.#credentials.start();
    void this.warm();
    this.#warmTimer = setInterval(() => void this.warm(), WARM_INTERVAL_MS);
    this.#warmTimer.unref();
  }

  close(): void {
    this.#closed = true;
    this.#credentials.close();
    if (this.#warmTimer !== null) clearInterval(this.#warmTimer);
    for (const agents of Object.values(this.#agents)) agents.close();
    this.ec2.destroy();
    this.ssm.destroy();
  }

  /** '' or why calls cannot be signed: a node without credentials cannot lead. */
  credentialProblem(): string {
    const state = this.#credentials.state();
    return state.status === 'missing' ? state.reason : '';
  }

  /** Makes one call: sends once, answers by its deadline, never rejects. */
  async call<T>(
    what: CallKind,
    bounds: CallBounds,
    send: (options: { readonly abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<Outcome<T>> {
    const begunMs = performance.now();
    const outcome = await boundedCall({ ...what, agents: this.#agents[what.service], bounds, send });
    const result = outcome.status === 'answered' ? 'ok' : outcome.result.failure;
    this.#onCall?.(what.operation, result, performance.now() - begunMs);
    if (outcome.status === 'failed' && isStaleCredentials(outcome.error)) this.#credentials.renew();
    return outcome;
  }

  /**
   * Sends an unsigned request over a few connections to each service, so that they stay open. What it answers
   * does not matter. Returns by service '' or why no connection could be had; never rejects.
   */
  async warm(): Promise<Record<Service, string>> {
    const [ec2, ssm] = await Promise.all([this.#warmService('ec2'), this.#warmService('ssm')]);
    return { ec2, ssm };
  }

  /**
   * To be called when an association with this instance came or went: its public source address changed with
   * it, and connections made before may be dead without a sign. Idle ones are reset; those in use finish.
   */
  dropConnections(): void {
    for (const agents of Object.values(this.#agents)) agents.dropIdle();
    if (!this.#closed) void this.warm();
  }

  /** How many usable connections are open. */
  openConnections(service: Service): number {
    return this.#agents[service].openCount;
  }

  /** The name or address of the endpoint that calls go to. */
  async hostOf(service: Service): Promise<string> {
    return (await this.#endpointUrl(service)).hostname;
  }

  async #warmService(service: Service): Promise<string> {
    try {
      const url = await this.#endpointUrl(service);
      const pings = Array.from({ length: WARM_CONNECTIONS }, () => ping(url, this.#agents[service]));
      const failures = (await Promise.all(pings)).filter((failure) => failure !== '');
      return failures.length === pings.length ? (failures[0] ?? '') : '';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async #endpointUrl(service: Service): Promise<URL> {
    const config = this[service].config;
    const custom = config.endpoint === undefined ? undefined : await config.endpoint();
    if (custom !== undefined) {
      const port = custom.port === undefined ? '' : `:${custom.port}`;
      return new URL(`${custom.protocol}//${custom.hostname}${port}/`);
    }
    const parameters = {
      Region: await config.region(),
      UseFIPS: await config.useFipsEndpoint(),
      UseDualStack: await config.useDualstackEndpoint(),
    };
    return config.endpointProvider(parameters).url;
  }
}

/** Services of AWS answer `/ping` without a signature and outside of the limits on calls. */
function ping(base: URL, agents: TrackedAgents): Promise<string> {
  return new Promise((resolve) => {
    const url = new URL('/ping', base);
    const secure = url.protocol === 'https:';
    const options = { agent: secure ? agents.https : agents.http, timeout: WARM_TIMEOUT_MS };
    const request = (secure ? httpsRequest : httpRequest)(url, options, (response) => {
      response.once('end', () => resolve('')).once('error', () => resolve('the connection was lost'));
      response.resume();
    });
    request.once('timeout', () =>
      request.destroy(new Error(`no answer from ${url.host} in ${WARM_TIMEOUT_MS} ms`)),
    );
    request.once('error', (error) => resolve(error.message));
    request.end();
  });
}

function handlerOver(agents: TrackedAgents): NodeHttpHandler {
  return new NodeHttpHandler({
    httpAgent: agents.http,
    httpsAgent: agents.https,
    requestTimeout: REQUEST_TIMEOUT_MS,
    throwOnRequestTimeout: true,
  });
}

/** AWS_ENDPOINT_URL_EC2 goes before AWS_ENDPOINT_URL, as in AWS's own tools. */
function endpointOf(service: Service, environment: AwsClientOptions['environment']): { endpoint?: string } {
  if (environment.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true') return {};
  const endpoint = environment[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] || environment.AWS_ENDPOINT_URL;
  return endpoint ? { endpoint } : {};
}
