import type { CallResult } from '../core/events.ts';
import type { CallFailure, NodeName } from '../core/types.ts';
import type { CallBounds } from './bounded-call.ts';
import type { FailedCall } from './cloud-error.ts';
import type { MovableAddress } from './movable-address.ts';

type Reading = Extract<CallResult, { readonly type: 'address-reading' }>;

/** Between association ids, which have no spaces. */
const JOIN = ' ';

export interface AddressPlace {
  readonly label: string;
  readonly here: boolean | null;
}

export interface GroupAddressOptions {
  /** At least one. */
  readonly members: readonly MovableAddress[];
  readonly self: NodeName;
  readonly warn: (sentence: string) => void;
}

/**
 * The addresses of one group, which the core knows as one: it is here when all of them are (decision 0009). A
 * reading says what a move has to do next: the holder is from where, the association, joined of several, is which.
 */
export class GroupAddress {
  readonly #members: readonly MovableAddress[];
  readonly #self: NodeName;
  readonly #warn: (sentence: string) => void;
  /** The last that was read of each, or the effect of an own move since. */
  readonly #known = new Map<MovableAddress, Reading>();
  readonly #gone = new Set<MovableAddress>();

  constructor({ members, self, warn }: GroupAddressOptions) {
    this.#members = members;
    this.#self = self;
    this.#warn = warn;
  }

  /** Where each was last known to be, for status; null: not known. */
  places(): readonly AddressPlace[] {
    return this.#members.map((member) => ({
      label: member.label,
      here: this.#known.has(member) ? this.#isHere(member) && !this.#gone.has(member) : null,
    }));
  }

  /** Answers 'address-reading', or 'failed' when where one of them is could not be read, or all are gone. */
  async describe(bounds: CallBounds): Promise<CallResult> {
    const results = await Promise.all(this.#members.map((member) => member.describe(bounds)));
    for (const [index, member] of this.#members.entries()) this.#learn(member, results[index]);
    const failures = failuresOf(results);
    const unread = failures.filter(({ failure }) => failure !== 'gone');
    if (unread.length > 0) return worst(unread);
    const readings = results.filter((result): result is Reading => result.type === 'address-reading');
    return readings.length > 0 ? this.#together(readings) : worst(failures);
  }

  /** Whoever has them loses them. Answers 'address-moved', 'address-taken' (some were left out) or 'failed'. */
  take(bounds: CallBounds): Promise<CallResult> {
    return this.#move((member) => member.take(bounds));
  }

  /** Those that are free: answers 'address-moved', 'address-taken' or 'failed'. */
  takeFree(bounds: CallBounds): Promise<CallResult> {
    return this.#move((member) => member.takeFree(bounds));
  }

  /** Dissolves the associations that a reading named. Answers 'address-released' or 'failed'. */
  async release(associationId: string, bounds: CallBounds): Promise<CallResult> {
    const releases = associationId.split(JOIN).flatMap((id) => {
      const member = this.#members.find((candidate) => candidate.recognises(id));
      return member === undefined ? [] : [member.release(id, bounds)];
    });
    const failures = failuresOf(await Promise.all(releases));
    return failures.length > 0 ? worst(failures) : { type: 'address-released' };
  }

  async #move(act: (member: MovableAddress) => Promise<CallResult>): Promise<CallResult> {
    const wanted = this.#wanted();
    const results = await Promise.all(wanted.map(act));
    for (const [index, result] of results.entries()) {
      const member = wanted[index];
      if (result.type !== 'address-moved' || member === undefined) continue;
      const holder = { kind: 'node', node: this.#self } as const;
      this.#known.set(member, {
        type: 'address-reading',
        holder,
        associationId: result.associationId,
      });
    }
    const failures = failuresOf(results);
    if (failures.length > 0) return worst(failures);
    const present = this.#present();
    if (present.some((member) => !this.#isHere(member))) return { type: 'address-taken' };
    return { type: 'address-moved', associationId: joined(present.map((member) => this.#known.get(member))) };
  }

  /**
   * Those that are elsewhere; from a stranger only when nothing else is left to move, because the core lets that
   * happen at other times than a takeover (rule 18). All, when the last readings show nothing to do.
   */
  #wanted(): readonly MovableAddress[] {
    const present = this.#present();
    const away = present.filter((member) => !this.#isHere(member));
    const ours = away.filter((member) => this.#known.get(member)?.holder.kind !== 'foreign');
    if (ours.length > 0) return ours;
    return away.length > 0 ? away : present;
  }

  #present(): readonly MovableAddress[] {
    const present = this.#members.filter((member) => !this.#gone.has(member));
    return present.length > 0 ? present : this.#members;
  }

  #isHere(member: MovableAddress): boolean {
    const known = this.#known.get(member);
    return known !== undefined && this.#isOwn(known);
  }

  #isOwn({ holder }: Reading): boolean {
    return holder.kind === 'node' && holder.node === this.#self;
  }

  /** The first of these that is the case: some on one other node, some free, some with strangers, all here. */
  #together(readings: readonly Reading[]): CallResult {
    const away = readings.filter((reading) => !this.#isOwn(reading));
    const next =
      away.find(({ holder }) => holder.kind === 'node') ??
      away.find(({ holder }) => holder.kind === 'free') ??
      away[0] ??
      readings[0];
    const holder = next?.holder ?? ({ kind: 'free' } as const);
    const associationId = joined(readings.filter((reading) => isSamePlace(reading.holder, holder)));
    const partlyHere = away.length > 0 && away.length < readings.length;
    return { type: 'address-reading', holder, associationId, ...(partlyHere && { partlyHere }) };
  }

  #learn(member: MovableAddress, result: CallResult | undefined): void {
    if (result?.type === 'address-reading') {
      this.#known.set(member, result);
      this.#gone.delete(member);
    }
    if (result?.type !== 'failed' || result.failure !== 'gone' || this.#gone.has(member)) return;
    this.#gone.add(member);
    if (this.#members.length === 1) return;
    const advice = 'the other addresses of its group go on without it: take it out of the configuration';
    this.#warn(`${member.label} does not exist any more; ${advice}`);
  }
}

const failuresOf = (results: readonly CallResult[]): readonly FailedCall[] =>
  results.filter((result): result is FailedCall => result.type === 'failed');

const joined = (readings: readonly (Reading | undefined)[]): string =>
  readings
    .map((reading) => reading?.associationId ?? '')
    .filter((id) => id !== '')
    .join(JOIN);

function isSamePlace(left: Reading['holder'], right: Reading['holder']): boolean {
  if (left.kind === 'node' && right.kind === 'node') return left.node === right.node;
  return left.kind === right.kind;
}

/** An effect that is possible outweighs all that are excluded. */
const BY_WEIGHT: readonly CallFailure[] = ['unknown', 'not-sent', 'throttled', 'denied', 'invalid', 'gone'];

function worst(failures: readonly FailedCall[]): FailedCall {
  const failure = BY_WEIGHT.find((kind) => failures.some((failed) => failed.failure === kind)) ?? 'unknown';
  return { type: 'failed', failure, reason: [...new Set(failures.map(({ reason }) => reason))].join('; ') };
}
