import type { Mutant } from './mutant.ts';

/** What a node does with its leadership: address, services, handovers, restarts. */
export const CONDUCT_MUTANTS: readonly Mutant[] = [
  {
    rule: 'reassociation without the compare in `exclusive` groups',
    of: 'two registers',
    patches: [
      {
        file: 'core/address.ts',
        from: "if (group.config.kind === 'address') return move(state, group, 'take');",
        to: "return move(state, group, 'take');",
      },
    ],
    worlds: ['exclusive'],
  },
  {
    rule: 'no self-fence',
    of: 'two kinds of group',
    patches: [
      {
        file: 'core/services.ts',
        from: "if (lastsMs <= 0) return 'stopped';",
        to: "if (lastsMs <= 0) return 'running';",
      },
    ],
    worlds: ['exclusive'],
  },
  {
    rule: 'no guard',
    of: 'two kinds of group',
    patches: [
      { file: 'simulation/guards.ts', from: "world.setServices(machine, group, false, 'guard');", to: '' },
    ],
    worlds: ['exclusive'],
  },
  {
    rule: 'late soft stop',
    of: 'S5',
    patches: [{ file: 'core/services.ts', from: ' - stopTimeoutMs(state, group);', to: ';' }],
    worlds: ['exclusive'],
  },
  {
    rule: 'a monitor that hangs holds up the stop',
    of: 'S5',
    patches: [
      {
        file: 'core/services.ts',
        from: "if (group.config.kind === 'exclusive' && wanted === 'stopped') return stopForSure(state, group);",
        to: '',
      },
    ],
    worlds: ['exclusive monitors', 'exclusive', 'scenarios'],
  },
  {
    rule: 'initdead under d',
    of: 'rule 13',
    patches: [
      {
        file: 'core/start-up.ts',
        from: 'due(state, state.startedMs + state.config.initdeadMs)',
        to: 'due(state, state.startedMs)',
      },
    ],
    worlds: ['pair', 'partitions', 'exclusive'],
  },
  {
    rule: 'no adoption',
    of: 'rule 13',
    patches: [
      { file: 'core/start-up.ts', from: 'if (mayAdopt(state, group)) {', to: 'if (false as boolean) {' },
    ],
    worlds: ['restarts', 'pair', 'scenarios'],
  },
  {
    rule: 'no hold',
    of: 'rule 13',
    patches: [
      {
        file: 'core/hear.ts',
        from: 'group.holdUntilMs = report.holdMs > 0 ? state.nowMs + report.holdMs : Number.NEGATIVE_INFINITY;',
        to: '',
      },
    ],
    worlds: ['restarts', 'pair'],
  },
  {
    rule: 'service stopped on one reading',
    of: 'rule 14',
    patches: [
      {
        file: 'core/services.ts',
        from: 'return address.begunMs >= changedMs + SETTLE_MS;',
        to: 'return true;',
      },
    ],
    worlds: ['scenarios', 'stale readings'],
  },
  {
    rule: 'stale association believed',
    of: 'rule 12',
    patches: [
      {
        file: 'core/address.ts',
        from: 'if (!here && isStale(address, pending.begunMs, associationId)) return;',
        to: '',
      },
    ],
    worlds: ['pair', 'moves'],
  },
  {
    rule: 'yielding with a call in flight',
    of: 'rule 10',
    patches: [
      {
        file: 'core/handover.ts',
        from: ' || group.create !== null || group.address.move !== null) return;',
        to: ' || group.create !== null) return;',
      },
    ],
    worlds: ['exclusive', 'moves', 'pair'],
  },
  {
    rule: 'a move that is in doubt forgotten',
    of: 'rule 10',
    patches: [
      {
        file: 'core/address.ts',
        from: "if (failure === 'unknown' && address.move !== null) {",
        to: 'if (false as boolean) {',
      },
    ],
    worlds: ['exclusive', 'moves'],
  },
  {
    rule: 'yield never revoked',
    of: 'rule 10',
    patches: [{ file: 'core/handover.ts', from: "defend(state, group, role, 'revoke');", to: '' }],
    worlds: ['handovers', 'pair', 'scenarios'],
  },
  {
    rule: 'authority kept while yielding',
    of: 'rule 10',
    patches: [{ file: 'core/authority.ts', from: 'if (isYielding(group, role)) return NEVER;', to: '' }],
    worlds: ['pair'],
  },
  {
    rule: 'a waiver that reaches beyond N+1',
    of: 'rule 10',
    patches: [
      {
        file: 'core/claim.ts',
        from: 'group.waiver === null || group.waiver !== newestTerm(group)',
        to: 'group.waiver === null',
      },
      { file: 'core/knowledge.ts', from: '  group.waiver = null;\n', to: '' },
    ],
    worlds: ['moves', 'pair', 'three', 'exclusive'],
  },
  {
    rule: 'forced without a read',
    of: 'rule 11',
    patches: [
      {
        file: 'core/claim.ts',
        from: "if (!mayCreate(state, group, Number.NEGATIVE_INFINITY)) return true;\n  createNext(state, group, 'forced'",
        to: "createNext(state, group, 'forced'",
      },
    ],
    worlds: ['long suspensions', 'exclusive', 'pair'],
  },
  {
    rule: 'forced without the waits in `exclusive` groups',
    of: 'rule 11',
    patches: [
      {
        file: 'core/claim.ts',
        from: "if (group.config.kind === 'exclusive' && !waitsAreOver(state, group, 0)) return true;",
        to: '',
      },
    ],
    worlds: ['exclusive'],
  },
  {
    rule: 'a request from afar carried out again',
    of: 'rule 11',
    patches: [
      {
        file: 'core/afar.ts',
        from: 'if (knowsLessThanBefore(group) || isCarriedOut(group, id)) return true;',
        to: 'if (knowsLessThanBefore(group)) return true;',
      },
    ],
    worlds: ['requests', 'pair'],
  },
  {
    rule: 'a request from afar that never ends',
    of: 'rule 11',
    patches: [
      {
        file: 'core/afar.ts',
        from: 'request.group !== group.config.name || state.ownMs >= untilOwnMs) return null;',
        to: 'request.group !== group.config.name || state.ownMs === untilOwnMs) return null;',
      },
    ],
    worlds: ['scenarios', 'requests', 'pair'],
  },
  {
    rule: 'takeovers one after the other at full speed',
    of: 'rule 15',
    patches: [
      {
        file: 'core/claim.ts',
        from: 'rankOf(state, group) * stepMs + extraMs)',
        to: 'rankOf(state, group) * stepMs)',
      },
    ],
    worlds: ['scenarios'],
  },
  {
    rule: 'a monotonic clock that stops in suspend',
    of: 'Timing',
    patches: [
      {
        file: 'core/step.ts',
        from: 'state.ownMs = event.at.nowMs + event.at.suspendedMs;',
        to: 'state.ownMs = event.at.nowMs;',
      },
    ],
    worlds: ['pair'],
  },
  {
    rule: 'a reading of before a suspension taken for fresh',
    of: 'Timing',
    patches: [
      {
        file: 'core/witness-calls.ts',
        from: 'state.ownMs - okBegunOwnMs <=',
        to: 'state.nowMs - okBegunMs <=',
      },
    ],
    worlds: ['long suspensions'],
  },
  {
    rule: 'deleted terms too young',
    of: 'Timing',
    patches: [
      { file: 'core/timing-rules.ts', from: 'TERM_RETENTION_MS = 900_000', to: 'TERM_RETENTION_MS = 0' },
      { file: 'core/timing-rules.ts', from: 'TERM_RETENTION_COUNT = 16', to: 'TERM_RETENTION_COUNT = 1' },
    ],
    worlds: ['sparse', 'pair'],
  },
  {
    rule: 'level replaced by edge',
    of: 'rule 12',
    patches: [
      {
        file: 'core/address.ts',
        from: 'else if (due(state, address.nextLookMs)) lookAtAddress(state, group);',
        to: 'else if (address.holder === null) lookAtAddress(state, group);',
      },
    ],
    worlds: ['pair'],
  },
  {
    rule: 'clocks taken for exact',
    of: 'Timing',
    patches: [{ file: 'core/timing-rules.ts', from: 'promiseMs * WAIT_FACTOR;', to: 'promiseMs;' }],
    worlds: ['pair', 'scenarios'],
  },
  {
    rule: 'silence never leads to a claim',
    of: 'rule 5',
    patches: [{ file: 'core/claim.ts', from: 'claimAfterSilence(state, group);\n}', to: '}' }],
    worlds: ['pair'],
  },
  {
    rule: 'optional moves without hold-down',
    of: 'rule 15',
    patches: [
      {
        file: 'core/placement.ts',
        from: 'if (!due(state, heldDownUntilMs(group))) return null;',
        to: '',
      },
    ],
    worlds: ['sparse', 'scenarios'],
  },
  {
    rule: 'optional moves counted in memory alone',
    of: 'rule 15',
    patches: [{ file: 'core/damping.ts', from: 'isQuiet(lastMs, nowMs) ?', to: 'true ?' }],
    worlds: ['sparse', 'scenarios'],
  },
  {
    rule: 'acting against a running instance',
    of: 'rule 16',
    patches: [
      { file: 'core/acting.ts', from: 'return isGone(word) ?', to: 'return (isGone(word) || true) ?' },
      {
        file: 'core/address.ts',
        from: 'if (isGone(freshWord(state, group, holder.node))) move',
        to: 'if (isGone(freshWord(state, group, holder.node)) || true) move',
      },
    ],
    worlds: ['pair'],
  },
  {
    rule: 'moving the address without authority',
    of: 'S4',
    patches: [
      {
        file: 'core/address.ts',
        from: 'if (!holdsAuthority(state, group) || !due(state, address.retryMs)) return;',
        to: 'if (!due(state, address.retryMs)) return;',
      },
    ],
    worlds: ['pair'],
  },
  {
    rule: "somebody else's newer term ignored",
    of: 'rule 8',
    patches: [
      {
        file: 'core/knowledge.ts',
        from: "if (group.role.kind === 'leading') stepDown(state, group, heard);\n  else if",
        to: 'if',
      },
    ],
    worlds: ['pair'],
  },
  {
    rule: 'a node that reaches no ping node claims',
    of: 'rule 21',
    patches: [{ file: 'core/eligibility.ts', from: "if (cutOff !== '') return cutOff;", to: '' }],
    worlds: ['scenarios'],
  },
  {
    rule: 'a leader keeps what a better connected node could serve',
    of: 'rule 21',
    patches: [
      { file: 'core/placement.ts', from: 'if (better !== null) {', to: 'if (better !== null && false) {' },
    ],
    worlds: ['scenarios'],
  },
  {
    rule: 'a group fails back to a node that reaches fewer',
    of: 'rule 21',
    patches: [
      {
        file: 'core/placement.ts',
        from: 'if (peer !== undefined && reachesMore(state, peer) < 0) continue;',
        to: '',
      },
    ],
    worlds: ['scenarios'],
  },
];
