/**
 * A small AWS on loopback, in this process: enough of EC2, SSM Parameter Store, STS and the instance metadata
 * service for two eipkeeper daemons to live in, over the real wire protocols. It follows EC2 where emulators
 * usually do not: an AssociateAddress without AllowReassociation steals, with false it refuses whoever holds
 * the address (an interface without an instance, too), an Elastic IP that is on the target private address is
 * displaced, and disassociating an association that is over succeeds without doing anything.
 *
 * What it does not do:
 * - Signatures and IAM policies are not checked; the access key id only tells who calls. Refusals
 *   (UnauthorizedOperation, AccessDeniedException) are made with `faults`.
 * - There is no token bucket: throttling and SSM's write quota are made with `faults` too.
 * - Describes page never (MaxResults and NextToken are ignored); of the filters only those in
 *   `ec2-service.ts`, and these compare exactly, without wildcards.
 * - One account, one Region, one VPC, no subnets, security groups or network border groups.
 * - Reads are consistent unless a `stale` fault says otherwise; a new parameter or association shows at once.
 * - Instances do not change state by themselves ("stopping" stays until told), and no process is started or
 *   killed with them: that is for whoever runs the daemons.
 * - Parameter Store: the standard tier only; no labels, policies, tags, history, filters or KMS.
 * - Associating with the place where the address already is returns the same association id, with
 *   AllowReassociation=false as well (documented as idempotent; not measured on AWS).
 * - `GET /ping` is answered as AWS does, but it carries no keys: it is answered for an unplugged node as well.
 * - Metadata: the paths of `metadata-tree.ts`; no hop limit, no packet limit, no user data. An association
 *   shows in it at once, where EC2 takes seconds.
 */
import { ApiServer } from './api-server.ts';
import { CallJournal } from './call-journal.ts';
import { CloudState, type NodeSpec } from './cloud-state.ts';
import { type AccessKeys, Credentials } from './credentials.ts';
import { Ec2Service } from './ec2-service.ts';
import { Faults } from './faults.ts';
import { MetadataServer } from './metadata-server.ts';
import { ParameterStore } from './parameter-store.ts';
import { SsmService } from './ssm-service.ts';

/** A caller that is no node: the demo itself, a test, a person at a command line. */
export const OPERATOR = 'operator';
const ROLE = 'eipkeeper';
const CREDENTIALS_LIFETIME_MS = 6 * 3_600_000;

export interface AwsEmulatorOptions {
  readonly nodes: readonly NodeSpec[];
  /** "eu-central-1" when left out. */
  readonly region?: string;
  /** Where it listens: 127.0.0.1 when left out. */
  readonly host?: string;
  /** Of the API; the system chooses when left out. */
  readonly port?: number;
  /** By node; the system chooses those that are left out. */
  readonly metadataPorts?: Readonly<Record<string, number>>;
  /** How long temporary keys last; new ones are handed out when a twelfth of it is left. */
  readonly credentialsLifetimeMs?: number;
  /** Callers by access key id, for clients that bring keys of their own; these never expire. */
  readonly accessKeys?: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch; the wall clock when left out. Delays run in real time all the same. */
  readonly nowMs?: () => number;
}

export class AwsEmulator {
  readonly region: string;
  /** The world as it is, to be looked at and changed from outside: instance states, cables, addresses. */
  readonly cloud: CloudState;
  readonly parameters: ParameterStore;
  readonly faults = new Faults();
  readonly journal = new CallJournal();
  readonly #options: AwsEmulatorOptions;
  readonly #credentials: Credentials;
  readonly #api: ApiServer;
  readonly #metadata: ReadonlyMap<string, MetadataServer>;
  readonly #metadataPorts = new Map<string, number>();
  #apiPort = 0;

  constructor(options: AwsEmulatorOptions) {
    const { nowMs = Date.now, region = 'eu-central-1', nodes } = options;
    this.#options = options;
    this.region = region;
    this.cloud = new CloudState(nowMs);
    this.parameters = new ParameterStore(nowMs);
    const lifetimeMs = options.credentialsLifetimeMs ?? CREDENTIALS_LIFETIME_MS;
    this.#credentials = new Credentials({ nowMs, lifetimeMs, longLived: options.accessKeys ?? {} });
    for (const node of nodes) this.cloud.addNode(node);
    this.#api = new ApiServer({
      nowMs,
      cloud: this.cloud,
      ec2: new Ec2Service(this.cloud, region),
      ssm: new SsmService(this.parameters, region),
      credentials: this.#credentials,
      faults: this.faults,
      journal: this.journal,
    });
    const { cloud } = this;
    const credentials = this.#credentials;
    this.#metadata = new Map(
      nodes.map(({ name }) => [
        name,
        new MetadataServer({ node: name, region, role: ROLE, cloud, credentials }, nowMs),
      ]),
    );
  }

  async start(): Promise<void> {
    const { host = '127.0.0.1', port = 0, metadataPorts = {} } = this.#options;
    this.#apiPort = await this.#api.start(port, host);
    for (const [node, server] of this.#metadata) {
      this.#metadataPorts.set(node, await server.start(metadataPorts[node] ?? 0, host));
    }
  }

  /** Also when start failed half-way. Hanging calls are cut off. */
  async close(): Promise<void> {
    await Promise.all([this.#api.close(), ...[...this.#metadata.values()].map((server) => server.close())]);
  }

  /** The URL of all services but the metadata; valid after start. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.#apiPort}`;
  }

  metadataEndpoint(node: string): string {
    return `http://127.0.0.1:${this.#metadataPorts.get(node) ?? 0}`;
  }

  metadataOf(node: string): MetadataServer {
    const server = this.#metadata.get(node);
    if (server === undefined) throw new Error(`the emulator knows no node ${node}`);
    return server;
  }

  /** Keys for a client inside this process; daemons get theirs from the metadata. */
  credentialsOf(caller: string = OPERATOR): AccessKeys {
    return this.#credentials.issue(caller);
  }

  /**
   * The environment in which a node's daemon finds this AWS and no other: `base` without its own AWS
   * settings, so that a demo can never act on the account of the person who runs it.
   */
  environmentOf(node: string, base: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
    const clean = Object.fromEntries(Object.entries(base).filter(([name]) => !name.startsWith('AWS_')));
    return {
      ...clean,
      AWS_REGION: this.region,
      AWS_ENDPOINT_URL: this.endpoint,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: this.metadataEndpoint(node),
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    };
  }
}
