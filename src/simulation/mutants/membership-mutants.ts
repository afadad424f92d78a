import type { Mutant } from './mutant.ts';

/** Who counts (rule 19). */
export const MEMBERSHIP_MUTANTS: readonly Mutant[] = [
  {
    rule: "membership from one's own file",
    of: 'rule 19',
    patches: [
      {
        file: 'core/members.ts',
        from: 'group.newest?.members ?? state.config.nodes;',
        to: 'state.config.nodes;',
      },
    ],
    worlds: ['membership', 'exclusive membership', 'scenarios'],
  },
  {
    rule: "authority over one's own file",
    of: 'rule 19',
    patches: [
      {
        file: 'core/authority.ts',
        from: 'if (create === null) return bonds.keys();\n  return new Set([...bonds.keys()',
        to: 'if (create === null) return state.peers.keys();\n  return new Set([...state.peers.keys()',
      },
    ],
    worlds: ['membership', 'exclusive membership'],
  },
  {
    rule: 'a claim from outside the set',
    of: 'rule 19',
    patches: [
      {
        file: 'core/eligibility.ts',
        from: 'whyUnable(state, group) || whyOutside(state, group);',
        to: 'whyUnable(state, group);',
      },
    ],
    worlds: ['membership', 'exclusive membership', 'scenarios'],
  },
  {
    rule: "a claim that sets its own file's nodes",
    of: 'rule 19',
    patches: [
      {
        file: 'core/members.ts',
        from: "if (reason !== 'defence' && reason !== 'members') return now;",
        to: "if (reason !== 'defence' && reason !== 'members') return state.config.nodes;",
      },
    ],
    worlds: ['scenarios', 'membership'],
  },
  {
    rule: 'new members not counted while their term is undecided',
    of: 'rule 19',
    patches: [
      {
        file: 'core/authority.ts',
        from: '[...bonds.keys(), ...othersOf(state, create.record.members)]',
        to: 'bonds.keys()',
      },
    ],
    worlds: ['scenarios', 'exclusive membership', 'membership'],
  },
  {
    rule: 'a claim on a term of which only was heard',
    of: 'rule 19',
    patches: [
      {
        file: 'core/witness-calls.ts',
        from: 'if (members && hasFreshRead(',
        to: 'if (hasFreshRead(',
      },
    ],
    worlds: ['scenarios', 'membership'],
  },
];
