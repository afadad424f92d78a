/**
 * The bound on the rate of any two clocks: 1 % each. A holder counts a promise for its bare length; whoever
 * waits for it to end multiplies by WAIT_FACTOR. With the holder's clock slow (0.99) and the waiter's fast
 * (1.01) both still agree: a holder's d lasts d / 0.99, a waiter's lasts d · WAIT_FACTOR / 1.01 = d / 0.99.
 */
const CLOCK_RATE_BOUND = 0.01;
const WAIT_FACTOR = (1 + CLOCK_RATE_BOUND) / (1 - CLOCK_RATE_BOUND);

/** The slowest that a clock may run. */
export const LEAST_CLOCK_RATE = 1 - CLOCK_RATE_BOUND;

/** How long to wait on this node's clock until a promise of `promiseMs` is over on every other's. */
export const waitFor = (promiseMs: number): number => promiseMs * WAIT_FACTOR;

/** A lease is renewed when this share of it is used. */
export const LEASE_RENEWAL_SHARE = 0.6;
/** A defence less than this after the one before doubles its lease. */
export const LEASE_DOUBLING_WINDOW_MS = 60_000;
export const LEASE_CAP_MS = 10_000;
/** Only towards nodes whose instances EC2 calls stopped or terminated, or while another node grants. */
export const LEASE_CAP_ABSENT_MS = 60_000;

/** Of several candidates each waits its rank times this, so that they do not race for the same name. */
export const RANK_STEP_MS = 100;

/** Rule 14: how old a step-down, start or move must be before a reading may lead to a stop. */
export const SETTLE_MS = 10_000;
/** An address that has not come to a new leader within this goes back to a living predecessor. */
export const ADDRESS_GIVE_UP_MS = 20_000;
/** How long a target may take to start its services and pass its checks. */
export const PREPARE_TIMEOUT_MS = 30_000;
/** How long peers wait for a node that announced a planned restart. */
export const HOLD_MS = 15_000;

/** Looks at the address: every second for a while after winning and moving, then slowly. */
export const LOOK_AFTER_MOVE_MS = 1_000;
export const LOOK_AFTER_MOVE_FOR_MS = 15_000;
/** After a takeover from a leader that has not acknowledged the term. */
export const LOOK_UNACKNOWLEDGED_MS = 2_000;
/** The life of a signed EC2 request: after it no abandoned call of the old leader can land. */
export const LOOK_UNACKNOWLEDGED_FOR_MS = 300_000;
export const LOOK_SLOW_MS = 40_000;
export const LOOK_AFTER_FAILURE_MS = 2_000;
/** While nobody leads: an API that comes back is noticed soon. */
export const LOOK_AFTER_FAILURE_LEADERLESS_MS = 500;
/** How stale a description by EC2 is taken to be: within this of an own success it proves nothing else. */
export const DESCRIBE_STALENESS_MS = 2_500;
/** How old EC2's word on an instance may be when something is done on it. */
export const INSTANCE_WORD_MS = 2_000;

/** The leader's slow look at the witness; a standby that hears no leader looks more often. */
export const WITNESS_LOOK_MS = 10_000;
/** So many fit into one call: ten names, of which a group takes three and the request from afar one. */
export const GROUPS_A_READ = 3;
export const WITNESS_LOOK_LEADERLESS_MS = 2_000;

/** Of a call that changes something in EC2, and of one that only reads. */
export const CLOUD_TIMEOUT_MS = 5_000;
export const CLOUD_READ_TIMEOUT_MS = 1_500;
export const FIRST_READ_TIMEOUT_MS = 3_000;
export const SERVICES_TIMEOUT_MS = 30_000;
/** How often a running service is checked. */
export const SERVICES_CHECK_MS = 5_000;

/** Terms older than this, and well behind the newest, may be deleted: a deleted name can be won again. */
export const TERM_RETENTION_MS = 900_000;
export const TERM_RETENTION_COUNT = 16;
/** A create may be sent again without a fresh read for this long: far less than a name is kept. */
export const RESEND_UNREAD_MS = 60_000;

/** After a handover that failed, an automatic one waits this long, doubling, up to the most. */
export const HANDOVER_RETRY_MS = 30_000;
export const HANDOVER_RETRY_MOST_MS = 1_800_000;

/** The same while the machine is about to go: there is no time to be modest. */
export const DEPARTURE_RETRY_MS = 5_000;

/** Rule 21: how long a peer must have reached more ping nodes, or twice deadtime where that is longer. */
export const REACH_SETTLED_MS = 10_000;

/** Rule 15: after an optional move the next waits this long, doubling with each, until an hour was quiet. */
export const HOLD_DOWN_MS = 30_000;
export const HOLD_DOWN_MOST_MS = 1_800_000;
export const HOLD_DOWN_FORGET_MS = 3_600_000;
/** By the number of takeovers in that time: how much longer the next one waits. */
export const TAKEOVER_WAITS_MS: readonly number[] = [0, 0, 5_000, 10_000, 20_000, 30_000];

/** Rule 18: an address taken by hand to a foreign interface is restored once in this time. */
export const FOREIGN_RESTORE_MS = 86_400_000;
