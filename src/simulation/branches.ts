/** A place in the core where a sentence of PROTOCOL's rules takes effect. */
export interface Branch {
  /** "rule 5: waits for the lease". */
  readonly id: string;
  readonly file: string;
  /** Occurs in the file once; a counter is written before its first character. */
  readonly text: string;
}

/** Rules 9 and 17 live in the sessions, which have counts of their own. */
export const BRANCHES: readonly Branch[] = [
  {
    id: 'rule 1: an own create learned from others is decided by its attempt',
    file: 'knowledge.ts',
    text: 'group.create.taken = true;',
  },
  {
    id: 'rule 2: a grant is given',
    file: 'hear.ts',
    text: 'group.promiseUntilMs = Math.max(group.promiseUntilMs, state.nowMs',
  },
  { id: 'rule 2: a grant is taken', file: 'authority.ts', text: 'bond.grantOwnMs = sentOwnMs;' },
  { id: 'rule 3: a lease is renounced', file: 'authority.ts', text: 'bond.lease.renounced = true;' },
  { id: 'rule 3: a renounce is heard', file: 'hear.ts', text: 'group.newest.renounced = true;' },
  { id: 'rule 3: a node that grants is not bound', file: 'authority.ts', text: 'continue;\n    const cap' },
  {
    id: 'rule 3: a longer lease, the instance being stopped',
    file: 'authority.ts',
    text: 'return true;\n  for (const [other, bond]',
  },
  {
    id: 'rule 3: a longer lease, another node granting',
    file: 'authority.ts',
    text: 'return true;\n  }\n  return false;\n}',
  },
  {
    id: 'rule 4: the leader succeeds itself',
    file: 'defence.ts',
    text: 'createNext(state, group, reason, {',
  },
  {
    id: 'rule 4: without unbroken authority after a read',
    file: 'defence.ts',
    text: 'mayCreate(state, group, Number.NEGATIVE_INFINITY);\n  if (!may)',
  },
  {
    id: 'rule 5: a claim after silence',
    file: 'claim.ts',
    text: 'createNext(state, group, newestTerm(group) === 0',
  },
  { id: 'rule 5: not without EC2', file: 'claim.ts', text: 'lookAtAddress(state, group);\n  return false;' },
  {
    id: 'rule 5: an unknown lease is read first',
    file: 'claim.ts',
    text: 'readNewest(state, group);\n    return false;',
  },
  { id: 'rule 5: rank', file: 'claim.ts', text: 'rank += 1;' },
  { id: 'rule 6: the leader hears a refusal', file: 'hear.ts', text: 'role.refusedTerm = report.claimTerm;' },
  { id: 'rule 6: who claims refuses', file: 'hear.ts', text: 'return 0 as Term;\n  group.promiseUntilMs' },
  {
    id: 'rule 6: nothing granted below what was known or tried before a restart',
    file: 'hear.ts',
    text: 'return 0 as Term;\n  // Rule 6',
  },
  {
    id: 'rule 7: unknown whether it was applied',
    file: 'witness-calls.ts',
    text: 'attempt.maybeApplied = true;',
  },
  {
    id: 'rule 7: the name is taken, by whom is not said',
    file: 'witness-calls.ts',
    text: 'attempt.taken = true;\n      return;',
  },
  {
    id: 'rule 7: not found is only a hint',
    file: 'witness-calls.ts',
    text: 'attempt.retryMs = state.nowMs + jittered(state, group.config.timings.witnessTimeoutMs',
  },
  {
    id: 'rule 7: won by reading the record',
    file: 'witness-calls.ts',
    text: 'return won(state, group, attempt);\n  }',
  },
  {
    id: 'rule 7: lost by reading the record',
    file: 'witness-calls.ts',
    text: "group.create = null;\n  note(state, { type: 'claim-lost'",
  },
  {
    id: 'rule 7: the smaller of two records while one is undecided',
    file: 'authority.ts',
    text: 'return Math.min(now, boundByNext',
  },
  {
    id: 'rule 8: a newer term ends a leadership',
    file: 'knowledge.ts',
    text: 'stepDown(state, group, heard);\n  else if (group.role',
  },
  {
    id: 'rule 8: a newer term ends acting',
    file: 'knowledge.ts',
    text: 'stepDown(state, group, heard);\n  else if (heard.owner',
  },
  { id: 'rule 10: the target is ready', file: 'hear.ts', text: "handover.phase = { kind: 'ready' };" },
  { id: 'rule 10: the leader yields', file: 'handover.ts', text: "handover.phase = { kind: 'yielding'" },
  { id: 'rule 10: a yield is heard by its target', file: 'hear.ts', text: 'group.waiver = report.term;' },
  {
    id: 'rule 10: a yield is taken up',
    file: 'claim.ts',
    text: 'const report = state.peers.get(group.newest!.owner)',
  },
  {
    id: 'rule 10: a yield is taken back',
    file: 'handover.ts',
    text: "defend(state, group, role, 'revoke');",
  },
  {
    id: 'rule 10: a handover is given up',
    file: 'handover.ts',
    text: 'role.handover = null;\n  state.heartbeat.urgent',
  },
  {
    id: 'rule 10: refused while the witness is down',
    file: 'handover.ts',
    text: "return 'the witness (SSM) does not answer",
  },
  {
    id: 'rule 10: an address that does not come goes back',
    file: 'placement.ts',
    text: 'return peerCouldLead(state, group, predecessor)',
  },
  {
    id: 'rule 10: a group goes back to where its address has stayed',
    file: 'placement.ts',
    text: "return { target: back, why: 'the address has stayed there'",
  },
  { id: 'rule 11: a forced term', file: 'claim.ts', text: "createNext(state, group, 'forced'" },
  { id: 'rule 11: a force expires', file: 'claim.ts', text: 'group.force = null;\n    return false;' },
  {
    id: 'rule 11: a force is withdrawn where it was asked',
    file: 'commands.ts',
    text: 'group.force = null;\n  // A reply',
  },
  {
    id: 'rule 12: a stale reading is ignored',
    file: 'address.ts',
    text: 'return;\n  if (pending.begunMs < address.begunMs)',
  },
  {
    id: 'rule 12: the newest term is read before a restore',
    file: 'address.ts',
    text: 'return readNewest(state, group);\n  }',
  },
  {
    id: 'rule 12: a move in doubt is looked at',
    file: 'address.ts',
    text: 'address.doubtUntilMs = state.nowMs + SETTLE_MS;',
  },
  { id: 'rule 13: an adoption', file: 'start-up.ts', text: "return createNext(state, group, 'adopt'" },
  { id: 'rule 13: a hold is heard', file: 'hear.ts', text: 'state.nowMs + report.holdMs' },
  { id: 'rule 13: a restarting owner is waited for', file: 'hear.ts', text: 'group.restart = {' },
  { id: 'rule 13: a planned restart', file: 'commands.ts', text: "exit(state, 'a planned restart" },
  {
    id: 'rule 13: nobody takes over from one who leaves',
    file: 'commands.ts',
    text: '`nobody could take over',
  },
  { id: 'rule 14: a service may be stopped', file: 'services.ts', text: "'stopped' : 'keep';" },
  { id: 'rule 15: an optional move is counted', file: 'witness-calls.ts', text: "'optional';\n}" },
  {
    id: 'rule 15: an optional move is held down',
    file: 'placement.ts',
    text: 'return null;\n  if (back',
  },
  { id: 'rule 16: acting', file: 'acting.ts', text: "group.role = { kind: 'acting' };" },
  {
    id: 'rule 16: the address is here',
    file: 'acting.ts',
    text: "return 'EC2 says that the address is here';",
  },
  {
    id: 'rule 16: a free address is taken',
    file: 'address.ts',
    text: "return move(state, group, 'take-free');",
  },
  {
    id: 'rule 16: an address on a stopped instance is released',
    file: 'address.ts',
    text: "move(state, group, 'release');\n  else lookAtInstance",
  },
  {
    id: 'rule 16: first the term when the witness is back',
    file: 'acting.ts',
    text: "return createNext(state, group, 'acting'",
  },
  { id: 'rule 16: no more acting', file: 'acting.ts', text: 'stopActing(state, group);\n}' },
  {
    id: 'rule 18: an address is restored from a stranger',
    file: 'address.ts',
    text: 'address.foreignRestoredMs = state.nowMs;',
  },
  {
    id: 'rule 18: an address stays with a stranger',
    file: 'address.ts',
    text: 'complain(state, group, `it is on the foreign',
  },
  {
    id: 'rule 19: the leader changes the set',
    file: 'lead.ts',
    text: "defend(state, group, role, 'members');",
  },
  { id: 'rule 19: a node outside', file: 'members.ts', text: '`the leader has not taken' },
  { id: 'rule 19: a force takes the node in', file: 'members.ts', text: 'return [...now, self];' },
  {
    id: 'rule 19: bound by the term that takes it in',
    file: 'authority.ts',
    text: 'return boundByNext(group, node);\n  return Math.max',
  },
  {
    id: 'rule 19: no member of the next term',
    file: 'authority.ts',
    text: 'return now;\n  return Math.min(',
  },
  {
    id: 'rule 21: the better connected node is handed the group',
    file: 'placement.ts',
    text: 'return { target: better.name,',
  },
  { id: 'rule 21: a node that reaches nobody', file: 'eligibility.ts', text: 'return cutOff;' },
  {
    id: 'rule 20: a machine that goes hands over',
    file: 'placement.ts',
    text: 'return { target: longestToStay(state, able), why: state.departure.why',
  },
  {
    id: 'maintenance: an operator orders it',
    file: 'maintenance.ts',
    text: 'take(state, group, { on, stamp',
  },
  { id: 'maintenance: it is heard', file: 'maintenance.ts', text: "take(state, group, heard, '');" },
  {
    id: 'maintenance: services are only watched',
    file: 'services.ts',
    text: 'return onlyWatch(state, group);',
  },
  {
    id: 'exclusive: services stop before authority ends',
    file: 'services.ts',
    text: "return 'stopped';\n  wakeAt",
  },
  {
    id: 'failures: too many make the node ineligible',
    file: 'service-failures.ts',
    text: 'continue;\n    return `',
  },
  { id: 'failures: forgotten by time', file: 'service-failures.ts', text: 'failures.delete(resource);' },
  {
    id: 'cleanup: heard from another node',
    file: 'orders.ts',
    text: "takeCleanup(state, group, cleanup, '');",
  },
  {
    id: 'maintenance: the leader has gone',
    file: 'maintenance.ts',
    text: "note(state, {\n    type: 'left-leaderless'",
  },
  {
    id: 'old terms are deleted',
    file: 'knowledge.ts',
    text: "call(state, group, { type: 'delete-terms', upTo });",
  },
];
