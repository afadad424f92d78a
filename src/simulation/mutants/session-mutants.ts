import type { Mutant } from './mutant.ts';

/** Rule 9: who is believed to be whom. */
export const SESSION_MUTANTS: readonly Mutant[] = [
  {
    rule: 'greeting taken for life',
    of: 'rule 9',
    patches: [
      {
        file: 'wire/session.ts',
        from: '    const { challenge } = peer;\n    if (challenge === null || nowMs - challenge',
        to: '    peer.sessions.length = 0;\n    peer.incarnation = packet.incarnation;\n    const { challenge } = peer;\n    if (challenge === null || nowMs - challenge',
      },
    ],
    worlds: ['replays only', 'replays'],
  },
  {
    rule: 'no sequence check',
    of: 'rule 9',
    patches: [
      {
        file: 'wire/session.ts',
        from: "if (packet.sequence <= last) return drop('duplicate');",
        to: '',
      },
    ],
    worlds: ['replays', 'pair'],
  },
  {
    rule: 'a session opened without the echo of a fresh challenge',
    of: 'rule 9',
    patches: [
      {
        file: 'wire/session.ts',
        from: 'if (challenge === null || challenge.nonce !== packet.receiverNonce) return null;',
        to: 'if (challenge === null) return null;',
      },
    ],
    worlds: ['replays', 'pair'],
  },
  {
    rule: 'sessions of an earlier life kept',
    of: 'rule 9',
    patches: [
      {
        file: 'wire/peer-state.ts',
        from: 'peer.sessions.filter(({ incarnation }) => incarnation === session.incarnation)',
        to: 'peer.sessions.slice()',
      },
    ],
    worlds: ['replays', 'pair'],
  },
];
