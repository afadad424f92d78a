import type { Mutant } from './mutant.ts';

/** Coming back, standing in and giving up: defence, restarts, rule 16, what is asked for. */
export const RETURN_MUTANTS: readonly Mutant[] = [
  {
    rule: 'a term of an earlier incarnation taken for an own one',
    of: 'rule 1',
    patches: [
      {
        file: 'core/witness-calls.ts',
        from: 'if (record.owner === state.config.self && record.incarnation === state.incarnation) {',
        to: 'if (record.owner === state.config.self) {',
      },
    ],
    worlds: ['scenarios', 'restarted claims', 'pair'],
  },
  {
    rule: "a promise lasts as long as the own file says, not the leader's",
    of: 'rule 2',
    patches: [
      {
        file: 'core/hear.ts',
        from: 'state.nowMs + waitFor(report.deadtimeMs)',
        to: 'state.nowMs + waitFor(group.config.timings.deadtimeMs)',
      },
      {
        file: 'core/claim.ts',
        from: '    group.leaderHeardMs + waitFor(deadtimeMs),\n    group.holdUntilMs',
        to: '    group.holdUntilMs',
      },
    ],
    worlds: ['pair', 'three'],
  },
  {
    rule: 'grants for a term of before the own reign counted',
    of: 'rule 2',
    patches: [
      {
        file: 'core/hear.ts',
        from: 'report.grants >= role.reignStart && report.grants <= newestTerm(group)',
        to: 'report.grants <= newestTerm(group)',
      },
    ],
    worlds: ['pair', 'three'],
  },
  {
    rule: 'the leases of an earlier life cut short',
    of: 'rule 3',
    patches: [{ file: 'core/authority.ts', from: ', left[node] ?? 0);', to: ');' }],
    worlds: ['scenarios', 'exclusive'],
  },
  {
    rule: 'a promise of an earlier life kept for as long as the own file says',
    of: 'rule 2',
    patches: [
      {
        file: 'core/hear.ts',
        from: '  group.promiseUntilMs = Math.max(group.promiseUntilMs, state.startedMs + waitFor(report.deadtimeMs));\n',
        to: '',
      },
    ],
    worlds: ['scenarios'],
  },
  {
    rule: 'the leader does not succeed itself',
    of: 'rule 4',
    patches: [
      {
        file: 'core/lead.ts',
        from: 'if (needsDefence(state, group, role) || refused) return',
        to: 'if (refused) return',
      },
    ],
    worlds: ['partitions'],
  },
  {
    rule: 'leases renewed only when they have run out',
    of: 'Timing',
    patches: [
      {
        file: 'core/timing-rules.ts',
        from: 'LEASE_RENEWAL_SHARE = 0.6',
        to: 'LEASE_RENEWAL_SHARE = 1',
      },
      {
        file: 'core/authority.ts',
        from: "if (group.config.kind === 'address') return shareMs;",
        to: 'if (shareMs > 0) return shareMs;',
      },
    ],
    worlds: ['exclusive partitions'],
  },
  {
    rule: 'a broken authority defends without a read',
    of: 'rule 4',
    patches: [
      {
        file: 'core/defence.ts',
        from: 'const may = role.unbroken\n    ? due(state, group.read.retryMs)\n    : mayCreate(state, group, Number.NEGATIVE_INFINITY);',
        to: 'const may = due(state, group.read.retryMs) || mayCreate(state, group, 0);',
      },
    ],
    worlds: ['long suspensions', 'sparse'],
  },
  {
    rule: 'the refused term is not created at once',
    of: 'rule 6',
    patches: [
      {
        file: 'core/lead.ts',
        from: 'if (needsDefence(state, group, role) || refused) return',
        to: 'if (needsDefence(state, group, role)) return',
      },
    ],
    worlds: ['races'],
    equivalent:
      'A node that claims grants nothing, so after warntime its leader is without a grant of it and succeeds itself anyway; the number that comes next is the refused one. Refusing by name makes it at most warntime sooner.',
  },
  {
    rule: 'what was tried before a restart is forgotten',
    of: 'rule 6',
    patches: [
      {
        file: 'core/persist.ts',
        from: 'if (tried > newest) triedTerms[group.config.name] = tried;',
        to: '',
      },
    ],
    worlds: ['scenarios'],
  },
  {
    rule: 'a claim insisted on by who can lead no more',
    of: 'rule 6',
    patches: [
      {
        file: 'core/claim.ts',
        from: '  if (!canLead(state, group)) return false;\n  if (group.waiver',
        to: '  if (group.waiver',
      },
    ],
    worlds: ['scenarios'],
  },
  {
    rule: 'rank ignored',
    of: 'rule 5',
    patches: [{ file: 'core/timing-rules.ts', from: 'RANK_STEP_MS = 100', to: 'RANK_STEP_MS = 0' }],
    worlds: ['three'],
    equivalent:
      'Whoever waits the same time races for the same name, and the witness lets one win; the other learns of it and grants. Ranks spare a lost race and a write to the witness, no promise depends on them.',
  },
  {
    rule: 'a claim as soon as a term was learned',
    of: 'rule 5',
    patches: [
      {
        file: 'core/claim.ts',
        from: 'group.newest === null ? Number.NEGATIVE_INFINITY : group.newest.learnedMs + waitFor(deadtimeMs),',
        to: '',
      },
    ],
    worlds: ['three', 'pair'],
    equivalent:
      'A node that learns of a term is either bound by its lease, which counts from that moment, or has none because it granted steadily when the term was made: then its promise of the last grant lasts at least as long as its owner counts on it. The wait only spares a leader that lives a claim in the same moment.',
  },
  {
    rule: 'a leader that yields goes on defending',
    of: 'rule 10',
    patches: [
      { file: 'core/lead.ts', from: 'if (isYielding(group, role)) return;\n  renounce', to: '  renounce' },
    ],
    worlds: ['scenarios'],
  },
  {
    rule: 'a switchover begun while the witness is down',
    of: 'rule 10',
    patches: [
      {
        file: 'core/handover.ts',
        from: "if (state.witness.downSinceMs !== null) {\n    return 'the witness (SSM)",
        to: "if (false as boolean) {\n    return 'the witness (SSM)",
      },
      {
        file: 'core/handover.ts',
        from: "if (state.witness.downSinceMs !== null) return 'the witness does not answer';",
        to: '',
      },
    ],
    worlds: ['scenarios'],
  },
  {
    rule: 'a restarting owner is not waited for',
    of: 'rule 13',
    patches: [
      { file: 'core/claim.ts', from: '    restartEndsMs(group),\n    leaseUntil', to: '    leaseUntil' },
    ],
    worlds: ['scenarios'],
  },
  {
    rule: 'services stopped before it is known who leads',
    of: 'rule 13',
    patches: [
      {
        file: 'core/services.ts',
        from: "case 'starting':\n      return 'keep';",
        to: "case 'starting':\n      return 'stopped';",
      },
    ],
    worlds: ['restarts', 'pair'],
  },
  {
    rule: 'an exclusive service stopped before it can be adopted',
    of: 'rule 13',
    patches: [
      {
        file: 'core/start-up.ts',
        from: 'everybodyHeard(state, group) && !(hasTimeToAdopt(state, group) && mayYetAdopt(state, group));',
        to: 'everybodyHeard(state, group);',
      },
    ],
    worlds: ['exclusive restarts', 'scenarios'],
  },
  {
    rule: 'who acts believes in no lease or promise',
    of: 'rule 16',
    patches: [
      {
        file: 'core/acting.ts',
        from: 'hasFreshRead(state, group, group.read.failedMs) && due(state, freeMs)',
        to: 'hasFreshRead(state, group, group.read.failedMs) && freeMs !== 0',
      },
    ],
    worlds: ['scenarios'],
  },
  {
    rule: 'who acts creates no term when the witness is back',
    of: 'rule 16',
    patches: [
      {
        file: 'core/acting.ts',
        from: "return createNext(state, group, 'acting', { requestId: '', requestedBy: '' });",
        to: 'return;',
      },
    ],
    worlds: ['pair', 'without the witness'],
  },
  {
    rule: 'a group in maintenance claimed',
    of: 'maintenance',
    patches: [
      {
        file: 'core/claim.ts',
        from: '  if (inMaintenance(group)) return;\n',
        to: '',
      },
      {
        file: 'core/eligibility.ts',
        from: 'if (inMaintenance(group)) return whyInMaintenance(group);',
        to: "if (group.config.name === '') return whyInMaintenance(group);",
      },
    ],
    worlds: ['maintenance'],
  },
  {
    rule: 'the address moved in maintenance',
    of: 'maintenance',
    patches: [
      {
        file: 'core/address.ts',
        from: 'if (address.move !== null || inMaintenance(group)) return;',
        to: 'if (address.move !== null) return;',
      },
    ],
    worlds: ['maintenance'],
  },
  {
    rule: 'an address that does not come is handed back without hold-down',
    of: 'rule 15',
    patches: [
      {
        file: 'core/placement.ts',
        from: 'if (!due(state, heldDownUntilMs(group))) return null;',
        to: 'if (back === null && !due(state, heldDownUntilMs(group))) return null;',
      },
    ],
    worlds: ['scenarios'],
  },
  {
    rule: 'a target is ready that does not reach the witness',
    of: 'rule 10',
    patches: [
      {
        file: 'core/reports.ts',
        from: '  if (!hasFreshRead(state, group, group.prepared.sinceMs)) return false;\n',
        to: '',
      },
    ],
    worlds: ['scenarios'],
  },
  {
    rule: 'the return to an address that has stayed is held down',
    of: 'rule 10',
    patches: [
      {
        file: 'core/placement.ts',
        from: 'if (back !== null && isHolder(group.address.holder, back))',
        to: 'if ((false as boolean) && back !== null)',
      },
    ],
    worlds: ['scenarios'],
  },
  {
    rule: 'an announced end ignored',
    of: 'rule 20',
    patches: [
      {
        file: 'core/placement.ts',
        from: 'if (isDeparting(state) && able.length > 0)',
        to: 'if (isDeparting(state) && able.length < 0)',
      },
    ],
    worlds: ['departures', 'pair'],
  },
];
