/** A rule of the protocol that is taken out of a real daemon, and the fault of the catalogue in which it shows. */
export interface NetnsMutant {
  /** As in src/simulation/mutants. */
  readonly rule: string;
  /** The fault's number. */
  readonly fault: string;
  /** What the run of the fault must complain of. */
  readonly betrayedBy: RegExp;
  /** Shows within seconds: done in the tests as well. */
  readonly quick?: boolean;
}

export const NETNS_MUTANTS: readonly NetnsMutant[] = [
  { rule: 'no hold', fault: '4b', betrayedBy: /the address moved 1 times/ },
  {
    rule: "somebody else's newer term ignored",
    fault: '5',
    betrayedBy: /in vain: main to be a standby|the address moved/,
  },
  {
    rule: 'reassociation without the compare in `exclusive` groups',
    fault: '26b',
    betrayedBy: /the address moved 1 times/,
    quick: true,
  },
  { rule: 'no self-fence', fault: '26b', betrayedBy: /the guard killed what the daemon should have stopped/ },
  { rule: 'optional moves without hold-down', fault: '23b', betrayedBy: /the address moved 4 times/ },
  { rule: 'acting against a running instance', fault: '29a', betrayedBy: /the address moved/ },
  { rule: 'timeout taken for success', fault: '29b', betrayedBy: /in vain: the service to stop/ },
  {
    rule: 'claiming without EC2',
    fault: '41',
    betrayedBy: /it claimed what it could not use/,
    quick: true,
  },
  { rule: 'no wait for the lease', fault: '45 s', betrayedBy: /the standby won a term/ },
  { rule: 'lease not renounced', fault: '62', betrayedBy: /nobody answered for/ },
  { rule: 'level replaced by edge', fault: '68', betrayedBy: /in vain: it to be corrected/ },
];
