/** What is verified: the sizes that are searched in full, and the rules whose removal must be found. */
export interface Configuration {
  readonly name: string;
  /** Macros of leadership.pml or timing.pml. */
  readonly defines: readonly string[];
  readonly source: 'verify.pml' | 'timing.pml';
}

/** A rule taken out, and the invariant that must break. */
export interface Mutant extends Configuration {
  readonly rule: string;
}

const leadership = (name: string, ...defines: string[]): Configuration => ({
  name,
  defines,
  source: 'verify.pml',
});
const timing = (name: string, ...defines: string[]): Configuration => ({
  name,
  defines,
  source: 'timing.pml',
});

export const TWO_NODES = leadership('2 nodes, 4 terms, 1 restart', 'N=2', 'TMAX=4', 'CRASHES=1');

export const CONFIGURATIONS: readonly Configuration[] = [
  timing('clocks 1 % wrong: a promise', 'PROMISE'),
  timing('clocks 1 % wrong: a lease', 'LEASE'),
  TWO_NODES,
  leadership('2 nodes, 3 terms, 3 restarts', 'N=2', 'TMAX=3', 'CRASHES=3'),
  leadership(
    '2 nodes, 3 terms, 1 restart, the address',
    'N=2',
    'TMAX=3',
    'CRASHES=1',
    'ADDRESS',
    'LED_AT_FIRST',
  ),
  leadership('2 nodes, 3 terms, 1 restart, forced: S1 alone', 'N=2', 'TMAX=3', 'CRASHES=1', 'FORCE'),
  leadership('3 nodes, 2 terms, 1 restart', 'N=3', 'TMAX=2', 'CRASHES=1', 'LED_AT_FIRST'),
  leadership(
    '3 nodes, 3 terms, 1 restart, no yields',
    'N=3',
    'TMAX=3',
    'CRASHES=1',
    'LED_AT_FIRST',
    'NO_YIELDS',
  ),
  leadership(
    '3 nodes, 4 terms, no restart, no yields',
    'N=3',
    'TMAX=4',
    'CRASHES=0',
    'LED_AT_FIRST',
    'NO_YIELDS',
  ),
];

const PAIR = ['N=2', 'TMAX=3', 'CRASHES=1', 'LED_AT_FIRST'];
const THREE = ['N=3', 'TMAX=3', 'CRASHES=1', 'LED_AT_FIRST', 'NO_YIELDS'];
const ADDRESS = [...PAIR, 'ADDRESS'];

const mutant = (rule: string, name: string, size: readonly string[]): Mutant => ({
  ...leadership(name, ...size, name),
  rule,
});
const clockMutant = (rule: string, name: string, of: 'PROMISE' | 'LEASE'): Mutant => ({
  ...timing(name, name, of),
  rule,
});

export const MUTANTS: readonly Mutant[] = [
  mutant('a promise keeps nobody from claiming', 'NO_PROMISE', PAIR),
  mutant('any grant is enough, instead of all', 'ANY_GRANT_INSTEAD_OF_ALL', THREE),
  mutant('a grant outlives the promise that it rests on', 'GRANT_FROM_ANSWER', PAIR),
  mutant('granting while claiming', 'GRANT_WHILE_CLAIMING', PAIR),
  mutant('no wait for the lease', 'NO_LEASE_WAIT', PAIR),
  mutant('a lease counted from the answer', 'LEASE_FROM_ANSWER', PAIR),
  mutant('a renounce is taken back', 'RENOUNCE_TAKEN_BACK', PAIR),
  mutant('the larger of two leases while a create is undecided', 'NEXT_LEASE_AT_ONCE', PAIR),
  mutant('a timeout taken for success', 'TIMEOUT_IS_SUCCESS', PAIR),
  mutant('a timeout taken for failure', 'TIMEOUT_IS_FAILURE', PAIR),
  mutant('the loss of the race ignored', 'RACE_LOST_IGNORED', PAIR),
  mutant('terms written with Overwrite=true', 'OVERWRITE_TERM', PAIR),
  mutant('a term of an earlier incarnation believed', 'INCARNATION_IGNORED', PAIR),
  mutant('authority kept while yielding', 'AUTHORITY_WHILE_YIELDING', PAIR),
  mutant('a waiver that reaches beyond the next term', 'WAIVER_BEYOND_NEXT', PAIR),
  mutant('a restarted node grants a term older than one it knew', 'FORGETS_TERMS', THREE),
  mutant('a restarted node grants a term older than one it was creating', 'FORGETS_ITS_CREATE', THREE),
  mutant('the address reassociated without the compare', 'REASSOCIATE', ADDRESS),
  mutant('the address released without naming the association', 'RELEASE_UNNAMED', ADDRESS),
  clockMutant('clocks taken for exact', 'CLOCKS_TAKEN_FOR_EXACT', 'PROMISE'),
  clockMutant('a grant counted from the answer', 'GRANT_FROM_ANSWER', 'PROMISE'),
  clockMutant('a lease counted from the answer', 'LEASE_FROM_ANSWER', 'LEASE'),
  clockMutant('a create that is repeated counts from its last send', 'LEASE_FROM_LAST_SEND', 'LEASE'),
  clockMutant("the holder's clock stops in suspend", 'MONOTONIC_CLOCK_FOR_AUTHORITY', 'PROMISE'),
];
