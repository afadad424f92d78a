/**
 * Steps of the core as lines of JSON. A quiet cluster repeats itself: a message that says what the last one of
 * its sender said is written as its count alone, which makes 700 bytes 40.
 */
import { hash } from 'node:crypto';
import type { Effect } from '../core/effects.ts';
import type { CoreEvent, Instant } from '../core/events.ts';
import type { PeerMessage } from '../core/message.ts';
import type { Incarnation, Millis, NodeName } from '../core/types.ts';

type MessageEvent = Extract<CoreEvent, { type: 'message' }>;
type EventWithoutTime = CoreEvent extends infer E ? (E extends CoreEvent ? Omit<E, 'at'> : never) : never;
/** What is kept of the effects: heartbeats follow from the state, and are vouched for by the digest. */
export type KeptEffect = Exclude<Effect, { readonly type: 'send' | 'persist' }>;

/** One step as it was read back. */
export interface Step {
  readonly event: CoreEvent;
  readonly effects: readonly KeptEffect[];
  /** Of all effects, those that are not kept included; '' when there were none. */
  readonly digest: string;
  /** Why the core broke down in this step; '' when it did not. */
  readonly crash: string;
}

/** A line. Ticks have neither `m` nor `M` nor `e`. */
interface StepLine {
  readonly t: Millis;
  /** suspendedMs, when it differs from the line before. */
  readonly s?: number;
  /** A message that repeats the last one of this sender and kind: from, kind, path, beat. */
  readonly m?: readonly [NodeName, PeerMessage['kind'], number, number];
  readonly M?: Pick<MessageEvent, 'from' | 'incarnation' | 'path' | 'message'>;
  readonly e?: EventWithoutTime;
  readonly x?: readonly KeptEffect[];
  readonly d?: string;
  readonly crash?: string;
}

/** Tells apart what the core did; not a secret, so short. */
export const digestOf = (effects: readonly Effect[]): string =>
  effects.length === 0 ? '' : hash('sha1', JSON.stringify(effects)).slice(0, 8);

export class StepEncoder {
  #suspendedMs = 0;
  readonly #said = new Map<string, string>();

  encode(event: CoreEvent, effects: readonly Effect[], crash = ''): string {
    const { at } = event;
    const kept = effects.filter((effect) => effect.type !== 'send' && effect.type !== 'persist');
    const line: StepLine = {
      t: at.nowMs,
      ...(at.suspendedMs === this.#suspendedMs ? {} : { s: at.suspendedMs }),
      ...(event.type === 'message' ? this.#message(event) : otherEvent(event)),
      ...(kept.length === 0 ? {} : { x: kept }),
      ...(effects.length === 0 ? {} : { d: digestOf(effects) }),
      ...(crash === '' ? {} : { crash }),
    };
    this.#suspendedMs = at.suspendedMs;
    return JSON.stringify(line);
  }

  #message({ from, incarnation, path, message }: MessageEvent): Pick<StepLine, 'm' | 'M'> {
    const key = `${from} ${message.kind}`;
    const text = JSON.stringify([incarnation, { ...message, beat: 0 }]);
    if (this.#said.get(key) === text) return { m: [from, message.kind, path, message.beat] };
    this.#said.set(key, text);
    return { M: { from, incarnation, path, message } };
  }
}

function otherEvent(event: Exclude<CoreEvent, MessageEvent>): Pick<StepLine, 'e'> {
  if (event.type === 'tick') return {};
  const { at, ...rest } = event;
  return { e: rest };
}

/** Reads what one encoder wrote, from its first line on. Throws on anything else. */
export class StepDecoder {
  #suspendedMs = 0;
  readonly #said = new Map<string, { incarnation: Incarnation; message: PeerMessage }>();

  decode(text: string): Step {
    const line = JSON.parse(text) as StepLine;
    if (typeof line.t !== 'number') throw new SyntaxError('not a step');
    this.#suspendedMs = line.s ?? this.#suspendedMs;
    const at: Instant = { nowMs: line.t, suspendedMs: this.#suspendedMs };
    return {
      event: this.#event(line, at),
      effects: line.x ?? [],
      digest: line.d ?? '',
      crash: line.crash ?? '',
    };
  }

  #event(line: StepLine, at: Instant): CoreEvent {
    if (line.e !== undefined) return { ...line.e, at } as CoreEvent;
    if (line.M !== undefined) {
      const { incarnation, message } = line.M;
      this.#said.set(`${line.M.from} ${message.kind}`, { incarnation, message });
      return { type: 'message', at, ...line.M };
    }
    if (line.m === undefined) return { type: 'tick', at };
    const [from, kind, path, beat] = line.m;
    const said = this.#said.get(`${from} ${kind}`);
    if (said === undefined) throw new SyntaxError('it repeats a message that is not there');
    // In the order of the fields that the wire gives: the digest is of the text.
    return {
      type: 'message',
      at,
      from,
      incarnation: said.incarnation,
      path,
      message: { ...said.message, beat },
    };
  }
}
