/**
 * The vocabulary of the protocol. Everything in `src/core` is pure: it reads no clock, draws no random
 * number, does no input or output; whatever it knows of the world came in an event that carries its time.
 */

/** A brand keeps numbers and strings of different meaning from being swapped: a swap does not compile. */
type Brand<T, Name extends string> = T & { readonly __brand: Name };

/** Milliseconds on the monotonic clock of this machine (CLOCK_MONOTONIC); the zero is arbitrary. */
export type Millis = number;
/** The number of a term of one group; 0 means that no term is known. Each term has exactly one owner. */
export type Term = Brand<number, 'Term'>;
/** Sixteen hexadecimal digits, drawn afresh at each start of a daemon. */
export type Incarnation = Brand<string, 'Incarnation'>;
export type NodeName = string;
export type GroupName = string;

export const NO_TERM = 0 as Term;
export const nextTerm = (term: Term): Term => (term + 1) as Term;

/** `address`: never take a healthy service down. `exclusive`: never run it twice. */
export type GroupKind = 'address' | 'exclusive';

/** All in milliseconds. The relations between them are checked by `config/timings.ts`. */
export interface GroupTimings {
  /** w: a peer silent for this long is suspected; a leader defends, a standby gets ready. */
  readonly warntimeMs: number;
  /** d: a peer silent for this long is taken for dead; also the life of a grant. */
  readonly deadtimeMs: number;
  /** Lw: how long a term's record binds a node that does not grant. */
  readonly leaseMs: number;
  /** T: the deadline of one call to the witness. */
  readonly witnessTimeoutMs: number;
  /** S: the budget for stopping (`exclusive` groups). */
  readonly stopTimeoutMs: number;
}

export interface GroupConfig {
  readonly name: GroupName;
  readonly kind: GroupKind;
  /** In order of preference: the first eligible one is where the group belongs. */
  readonly nodes: readonly NodeName[];
  readonly failback: {
    readonly mode: 'auto' | 'manual';
    /** How long the preferred node must have been eligible before the group goes back to it. */
    readonly afterMs: number;
  };
  /** `warm`: services always run on every node. `stopped`: started when the leader falls silent. */
  readonly standbyServices: 'warm' | 'stopped';
  readonly timings: GroupTimings;
  /** By the place of a resource among those that run, from 0; left out: the default for each. */
  readonly restarts?: readonly RestartPolicy[];
}

/** How many failures of a resource are met by a restart on this node, before the group goes elsewhere. */
export interface RestartPolicy {
  /** Failures within `withinMs`; one more makes the node ineligible. */
  readonly attempts: number;
  readonly withinMs: number;
  /** How long after the last failure the node stays so. */
  readonly forgetMs: number;
}

/** What the core needs of the configuration; the shell keeps the rest (addresses, resources, paths to files). */
export interface CoreConfig {
  readonly self: NodeName;
  /** Every node of the cluster, this one included. */
  readonly nodes: readonly NodeName[];
  readonly groups: readonly GroupConfig[];
  /** h: how often a heartbeat is sent. */
  readonly keepaliveMs: number;
  /** How long a starting node waits for its peers before it believes that they are down. */
  readonly initdeadMs: number;
}

/**
 * One term as the witness holds it: `<prefix>/<group>/term/<N>`. Created once, never changed.
 * The lease per node is how long, from its first sight of this record, that node must not claim.
 */
export interface TermRecord {
  readonly group: GroupName;
  readonly term: Term;
  readonly owner: NodeName;
  readonly incarnation: Incarnation;
  /** Milliseconds by node; a node that is not named is not bound. */
  readonly leases: Readonly<Record<NodeName, number>>;
  /** Which nodes count as configured while this term lasts (rule 19). */
  readonly members: readonly NodeName[];
  readonly reason: TermReason;
  /** Who asked for it, when somebody did: "uid 0 on aux". */
  readonly requestedBy?: string;
  readonly requestId?: string;
  /** The last requests that this term and those before it carried out, newest first: each happens once (rule 11). */
  readonly carriedOut?: readonly string[];
  /** How long before this record the takeovers of the last hour were, milliseconds, newest first (rule 15). */
  readonly takeovers?: readonly number[];
  /** Moves that nobody needed, since an hour was without any, and how many milliseconds before this record the last was (rule 15). */
  readonly optionalMoves?: { readonly count: number; readonly agoMs: number };
}

export type TermReason =
  | 'first' // no term existed
  | 'takeover' // the leader fell silent
  | 'defence' // the leader succeeded itself because somebody did not grant
  | 'switchover' // the leader yielded to this node
  | 'members' // the leader took a node in, or was told to forget one
  | 'revoke' // a yield that nobody took up was taken back
  | 'forced' // an operator forced it
  | 'adopt' // the owner came back under a new incarnation and still had the address
  | 'acting'; // the witness came back to a node that acted on EC2's word

/** Where EC2 says that the address is, translated to nodes by the shell. */
export type AddressHolder =
  | { readonly kind: 'free' }
  | { readonly kind: 'node'; readonly node: NodeName }
  /** On an interface that belongs to none of the configured nodes. */
  | { readonly kind: 'foreign'; readonly networkInterfaceId: string };

/** What EC2 says of the instance of a node (DescribeInstanceStatus with IncludeAllInstances). */
export type InstanceCondition = 'running' | 'stopped' | 'terminated' | 'unknown';

/** Why a call failed. An error is never an answer: "throttled" must not read as "gone". */
export type CallFailure =
  /** No connection was ever made: the call certainly had no effect. */
  | 'not-sent'
  /** Deadline passed, connection lost, 5xx: whether it had an effect is unknown. */
  | 'unknown'
  /** The service refused it before any effect. */
  | 'throttled'
  | 'denied'
  /** The thing named does not exist (address released, parameter gone). */
  | 'gone'
  /** The service answered that the request is wrong; no effect. */
  | 'invalid';

export function assertNever(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
