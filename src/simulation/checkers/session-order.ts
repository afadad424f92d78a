import type { Machine } from '../machine.ts';
import type { Packet } from '../network.ts';
import type { World } from '../world.ts';
import type { Checker, Report } from './checker.ts';

/** What one machine has accepted from one peer. */
interface Accepted {
  /** By the sender's nonce and the receiver's: the last sequence per path, in all lives of the receiver. */
  readonly sequences: Map<string, Map<string, number[]>>;
  /** The receiver's life that accepted last. */
  by: string;
  /** The latest life of the sender that it accepted, as the count of its starts. */
  life: number;
}

/**
 * S6: accepted sequences rise per session and path. With it rule 9: no message is accepted twice, and none of
 * an earlier life of a node after one of a later.
 */
export class SessionOrder implements Checker {
  readonly #report: Report;
  #world: World | null = null;
  readonly #lives = new Map<string, number>();
  readonly #accepted = new Map<number, Accepted>();

  constructor(report: Report) {
    this.#report = report;
  }

  attach(world: World): void {
    this.#world = world;
  }

  machineChanged(machine: Machine, what: string): void {
    if (what === 'daemon starts' && machine.daemon !== null) {
      this.#lives.set(machine.daemon.incarnation, this.#lives.size);
    }
  }

  delivered(machine: Machine, { packet, from, path }: Packet): void {
    if (packet.kind !== 'message') return;
    const by = machine.daemon?.incarnation ?? '';
    const key = machine.index * 64 + from;
    let accepted = this.#accepted.get(key);
    if (accepted === undefined) {
      accepted = { sequences: new Map(), by, life: 0 };
      this.#accepted.set(key, accepted);
    }
    if (accepted.by !== by) {
      accepted.by = by;
      accepted.life = 0;
    }
    const life = this.#lives.get(packet.incarnation) ?? -1;
    if (life < accepted.life) this.#complain(machine, packet.sender, 'of an earlier life');
    accepted.life = life;
    const sequences = sequencesOf(accepted, packet.senderNonce, packet.receiverNonce);
    if (packet.sequence <= (sequences[path] ?? 0))
      this.#complain(machine, packet.sender, 'out of order or again');
    sequences[path] = packet.sequence;
  }

  #complain(machine: Machine, sender: string, what: string): void {
    const said = `${machine.name} accepts a message of ${sender} ${what}`;
    this.#report({ rule: 'S6', atMs: (this.#world as World).nowMs, what: said });
  }
}

function sequencesOf({ sequences }: Accepted, theirs: string, mine: string): number[] {
  const known = sequences.get(theirs)?.get(mine);
  if (known !== undefined) return known;
  const fresh: number[] = [];
  const ofTheirs = sequences.get(theirs) ?? new Map<string, number[]>();
  ofTheirs.set(mine, fresh);
  sequences.set(theirs, ofTheirs);
  return fresh;
}
