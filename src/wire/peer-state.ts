import type { Incarnation, Millis, NodeName } from '../core/types.ts';
import type { Nonce } from './session-packet.ts';

/** One pair of nonces that both sides proved fresh, and the sequences counted under it. */
export interface OpenSession {
  readonly mine: Nonce;
  readonly theirs: Nonce;
  readonly incarnation: Incarnation;
  readonly instanceId: string;
  readonly openedAtMs: Millis;
  /** When the peer was last heard under this pair; -Infinity: not yet. */
  heardAtMs: Millis;
  /** By path: the last sequence sent, and the last accepted. */
  readonly sent: number[];
  readonly accepted: number[];
}

interface DrawnNonce {
  readonly nonce: Nonce;
  readonly drawnAtMs: Millis;
}

/** What one node knows of one peer. Bounded: a few sessions, one greeting, one challenge, one message a path. */
export interface PeerState<M> {
  readonly name: NodeName;
  readonly sessions: OpenSession[];
  /** Of the last message accepted. -Infinity: none yet. */
  heardAtMs: Millis;
  /** Of the last message accepted; '' before the first. */
  incarnation: Incarnation;
  instanceId: string;
  /** Ours, unanswered. */
  greeting: DrawnNonce | null;
  greetedAtMs: Millis;
  /** Ours, unanswered: the only nonce with which the peer can open a session. */
  challenge: DrawnNonce | null;
  /** By path: what waits for the first session. */
  readonly held: Map<number, { readonly payloads: readonly M[]; readonly atMs: Millis }>;
  /** When the peer first answered, without a session in between, that our name is taken. */
  rejectedSinceMs: Millis | null;
  /** When it last did, whatever came since; -Infinity: never. */
  rejectedAtMs: Millis;
}

/**
 * Both sides may open one at the same moment, and a peer that missed an answer opens another; more than these
 * are never in use at once.
 */
const MAX_SESSIONS = 3;

export function newPeerState<M>(name: NodeName): PeerState<M> {
  return {
    name,
    sessions: [],
    heardAtMs: Number.NEGATIVE_INFINITY,
    incarnation: '' as Incarnation,
    instanceId: '',
    greeting: null,
    greetedAtMs: Number.NEGATIVE_INFINITY,
    challenge: null,
    held: new Map(),
    rejectedSinceMs: null,
    rejectedAtMs: Number.NEGATIVE_INFINITY,
  };
}

/** The session under which the peer certainly hears us: it spoke under it last, or has just agreed to it. */
export function liveliestSession<M>({ sessions }: PeerState<M>): OpenSession | undefined {
  let liveliest = sessions[0];
  for (const session of sessions) if (activityMs(session) >= activityMs(liveliest!)) liveliest = session;
  return liveliest;
}

/** Never, for a peer without a session. */
export function lastActivityMs<M>(peer: PeerState<M>): Millis {
  const liveliest = liveliestSession(peer);
  return liveliest === undefined ? Number.NEGATIVE_INFINITY : activityMs(liveliest);
}

function activityMs(session: OpenSession): Millis {
  return Math.max(session.openedAtMs, session.heardAtMs);
}

function byActivity(a: OpenSession, b: OpenSession): number {
  return activityMs(a) - activityMs(b);
}

export function addSession<M>(peer: PeerState<M>, session: OpenSession): void {
  peer.sessions.push(session);
  if (peer.sessions.length > MAX_SESSIONS) {
    const quietest = peer.sessions.toSorted(byActivity)[0]!;
    peer.sessions.splice(peer.sessions.indexOf(quietest), 1);
  }
}

export function findSession<M>(
  peer: PeerState<M>,
  nonces: { readonly mine: Nonce; readonly theirs: Nonce },
): OpenSession | undefined {
  return peer.sessions.find(({ mine, theirs }) => mine === nonces.mine && theirs === nonces.theirs);
}

/**
 * The peer spoke, freshly. When it is in a new life, what its earlier lives left behind ends here, a challenge
 * that one of them may have answered included: no delayed datagram of theirs can ever be accepted again.
 */
export function hearLife<M>(peer: PeerState<M>, session: OpenSession, nowMs: Millis): void {
  if (peer.incarnation !== session.incarnation) {
    const ofThisLife = peer.sessions.filter(({ incarnation }) => incarnation === session.incarnation);
    peer.sessions.splice(0, peer.sessions.length, ...ofThisLife);
    peer.challenge = null;
    peer.incarnation = session.incarnation;
    peer.instanceId = session.instanceId;
  }
  session.heardAtMs = nowMs;
  peer.heardAtMs = nowMs;
  peer.greeting = null;
  peer.rejectedSinceMs = null;
}
