import type { MoveRequest } from './message.ts';
import type { GroupName, Millis, NodeName } from './types.ts';

/** A request that an operator wrote into the witness, as a reading showed it. */
export interface AfarRequest {
  /** 16 hexadecimal digits. */
  readonly id: string;
  readonly group: GroupName;
  readonly kind: MoveRequest['kind'];
  readonly target: NodeName;
  readonly by: string;
  /** How long it lives on, by the date in the witness's answer, rounded down. */
  readonly leftMs: number;
}

/** What `<prefix>/request` holds. */
export type RequestReading =
  /** Nothing, or a request that is over. */
  | { readonly status: 'none' }
  | { readonly status: 'pending'; readonly request: AfarRequest }
  | { readonly status: 'nonsense'; readonly reason: string };

/** What became of a request, for who wrote it. */
export interface RequestVerdict {
  readonly status: 'done' | 'refused';
  readonly reason: string;
  readonly by: NodeName;
}

/** What this node knows of the one request of the cluster. */
export interface AfarState {
  request: AfarRequest | null;
  /** Own clock: nothing is begun for it from then on. */
  untilOwnMs: Millis;
  /** When the reading that showed this was begun: an older one changes nothing. */
  begunMs: Millis;
  /** What was said of already: a request by its id, nonsense by what is wrong with it. */
  heardId: string;
  answeredId: string;
  nonsense: string;
  /** A request for this node that the leader spoke of and that was looked for. */
  noticedId: string;
  closing: { callId: number | null; retryMs: Millis };
}

export const newAfar = (): AfarState => ({
  request: null,
  untilOwnMs: Number.NEGATIVE_INFINITY,
  begunMs: Number.NEGATIVE_INFINITY,
  heardId: '',
  answeredId: '',
  nonsense: '',
  noticedId: '',
  closing: { callId: null, retryMs: Number.NEGATIVE_INFINITY },
});
