import type { Millis } from '../core/types.ts';
import type { DropReason } from './transport.ts';

/** As pino has it. */
export interface WireLog {
  warn(fields: object, sentence: string): void;
}

const INTERVAL_MS = 60_000;

/** Reasons that an operator can do something about; the rest is the weather of a network, and counted only. */
const SENTENCES: Partial<Record<DropReason | 'impostor' | 'unencodable', string>> = {
  'unknown-key':
    'A heartbeat was signed with a key that this node does not have; it was dropped. Compare the keys of all nodes, and reload those that have an old one.',
  'bad-signature':
    'A heartbeat had a wrong signature; it was dropped. It was damaged or forged; if it goes on, capture it with tcpdump and look at it with "eipkeeper decode".',
  version:
    'A heartbeat came in a format of another version of eipkeeper; it was dropped. Bring all nodes to versions that understand each other.',
  malformed:
    'A datagram began like a heartbeat but could not be read; it was dropped. Compare the versions of eipkeeper on all nodes.',
  'unknown-sender':
    'A node that the configuration does not name sent a signed heartbeat; it was dropped. Put it into the configuration of this node, or give it another key.',
  'wrong-receiver':
    'A heartbeat meant for another node arrived here; it was dropped. Check which address the sender has for this node.',
  'wrong-path':
    'A heartbeat of one path arrived on another; it was dropped. List the addresses of the nodes in the same order everywhere.',
  impostor:
    'A second instance asked to be a node that lives; it was turned away. Stop eipkeeper there, or give that node a name of its own.',
  unencodable:
    'A message could not be put into a datagram; it was not sent. This is a defect of eipkeeper: report it.',
};

export type LoggedReason = keyof typeof SENTENCES;

/** At most one line a reason and minute, which says how many were left out: a flood must not fill the disk. */
export class DropLog {
  readonly #log: WireLog;
  readonly #reasons = new Map<LoggedReason, { loggedAtMs: Millis; unsaid: number }>();

  constructor(log: WireLog) {
    this.#log = log;
  }

  note(reason: LoggedReason, nowMs: Millis, fields: object): void {
    const sentence = SENTENCES[reason];
    if (sentence === undefined) return;
    const known = this.#reasons.get(reason);
    if (known !== undefined && nowMs - known.loggedAtMs < INTERVAL_MS) {
      known.unsaid += 1;
      return;
    }
    this.#reasons.set(reason, { loggedAtMs: nowMs, unsaid: 0 });
    this.#log.warn({ reason, ...fields, more: known?.unsaid ?? 0 }, sentence);
  }
}
