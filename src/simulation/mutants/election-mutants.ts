import type { Mutant } from './mutant.ts';

/** Who may lead: grants, leases, terms and claims, and the clocks behind them. */
export const ELECTION_MUTANTS: readonly Mutant[] = [
  {
    rule: 'grants counted from the answer instead of the send',
    of: 'Timing',
    patches: [
      {
        file: 'core/hear.ts',
        from: 'takeGrant(state, group, peer.name, sentOwnMs(state, message.beat));',
        to: 'takeGrant(state, group, peer.name, state.ownMs);',
      },
    ],
    worlds: ['pair'],
  },
  {
    rule: 'any grant instead of all',
    of: 'rule 3',
    patches: [
      {
        file: 'core/authority.ts',
        from: 'until = Math.min(until, boundUntil(group, role, node));',
        to: 'until = Number.isFinite(until) ? Math.max(until, boundUntil(group, role, node)) : boundUntil(group, role, node);',
      },
    ],
    worlds: ['three'],
  },
  {
    rule: 'no promise',
    of: 'rule 2',
    patches: [
      {
        file: 'core/claim.ts',
        from: 'group.promiseUntilMs,\n    group.leaderHeardMs + waitFor(deadtimeMs),',
        to: '',
      },
    ],
    worlds: ['pair'],
  },
  {
    rule: 'granting while claiming',
    of: 'rule 6',
    patches: [
      {
        file: 'core/hear.ts',
        from: "group.create !== null || group.role.kind === 'leading') return 0 as Term;",
        to: "group.role.kind === 'leading') return 0 as Term;",
      },
    ],
    worlds: ['races', 'three', 'pair'],
  },
  {
    rule: 'lease from the answer',
    of: 'Timing',
    patches: [
      {
        file: 'core/witness-calls.ts',
        from: '{ sentOwnMs: attempt.firstSentOwnMs, lengthMs, renounced: false }',
        to: '{ sentOwnMs: state.ownMs, lengthMs, renounced: false }',
      },
    ],
    worlds: ['scenarios', 'races'],
  },
  {
    rule: 'lease not per node',
    of: 'rule 3',
    patches: [
      {
        file: 'core/authority.ts',
        from: 'if (role !== null && grantsSteadily(state, group, role.bonds.get(node))) continue;',
        to: '',
      },
    ],
    worlds: ['three'],
    equivalent:
      'What is written for a node that grants steadily is renounced in the turn in which the term is won, and said in a heartbeat at once: only a leader that dies within these milliseconds leaves the wait behind, which L1 allows ("the rest of a lease that binds the claimant").',
  },
  {
    rule: 'lease not renounced',
    of: 'rule 3',
    patches: [
      {
        file: 'core/authority.ts',
        from: 'bond.lease.renounced = true;\n      state.heartbeat.urgent = true;',
        to: '',
      },
    ],
    worlds: ['scenarios', 'crashes'],
  },
  {
    rule: 'a renounce that is taken back',
    of: 'rule 3',
    patches: [
      {
        file: 'core/authority.ts',
        from: 'bond.lease === null || bond.lease.renounced ? NEVER',
        to: 'bond.lease === null ? NEVER',
      },
    ],
    worlds: ['partitions', 'pair'],
  },
  {
    rule: 'a renounce that reaches later terms',
    of: 'rule 3',
    patches: [
      {
        file: 'core/knowledge.ts',
        from: 'leaseMs: heard.leaseMs,\n    renounced: false,',
        to: 'leaseMs: heard.leaseMs,\n    renounced: known?.renounced ?? false,',
      },
    ],
    worlds: ['partitions', 'pair'],
  },
  {
    rule: 'the newer record alone counts while it is undecided',
    of: 'rule 7',
    patches: [
      {
        file: 'core/authority.ts',
        from: 'return Math.min(now, boundByNext(group, node));',
        to: 'return Math.max(now, boundByNext(group, node));',
      },
    ],
    worlds: ['pair', 'partitions', 'exclusive'],
  },
  {
    rule: 'timeout taken for success',
    of: 'rule 7',
    patches: [
      {
        file: 'core/witness-calls.ts',
        from: "if (failure === 'unknown') attempt.maybeApplied = true;",
        to: "if (failure === 'unknown') return won(state, group, attempt);",
      },
    ],
    worlds: ['pair'],
  },
  {
    rule: 'timeout taken for failure',
    of: 'rule 7',
    patches: [
      {
        file: 'core/witness-calls.ts',
        from: "if (failure === 'unknown') attempt.maybeApplied = true;",
        to: '',
      },
    ],
    worlds: ['scenarios', 'races'],
  },
  {
    rule: 'loss of the race ignored',
    of: 'rule 8',
    patches: [
      {
        file: 'core/witness-calls.ts',
        from: 'attempt.taken = true;\n      return;',
        to: 'return won(state, group, attempt);',
      },
    ],
    worlds: ['pair'],
  },
  {
    rule: 'no wait for the lease',
    of: 'rule 5',
    patches: [{ file: 'core/claim.ts', from: '    leaseUntil,\n', to: '' }],
    worlds: ['pair'],
  },
  {
    rule: '`Overwrite=true`',
    of: 'two registers',
    patches: [
      {
        file: 'simulation/witness-model.ts',
        from: "if (this.#terms[record.term] !== undefined) return { type: 'term-exists' };",
        to: '',
      },
    ],
    worlds: ['pair'],
  },
  {
    rule: 'no read before a claim',
    of: 'rule 5',
    patches: [
      { file: 'core/claim.ts', from: 'if (!mayCreate(state, group, group.leaderHeardMs)) return;', to: '' },
    ],
    worlds: ['scenarios', 'long suspensions'],
  },
  {
    rule: 'claiming right after a failed witness call',
    of: 'rule 5',
    patches: [{ file: 'core/claim.ts', from: '    group.read.failedMs + deadtimeMs,\n', to: '' }],
    worlds: ['partitions'],
  },
  {
    rule: 'claiming without EC2',
    of: 'rule 5',
    patches: [{ file: 'core/claim.ts', from: 'if (!worksTowardsEc2(state, group)) return;', to: '' }],
    worlds: ['without EC2', 'pair', 'scenarios'],
  },
];
