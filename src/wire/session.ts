/**
 * Rule 9 and rule 17 of the protocol: who is believed to be whom. Owns these invariants: a message is accepted
 * once per path; no message of an earlier life of a node is accepted after one of a later life; a greeting
 * changes nothing; state is bounded by the configured peers. No input or output, no clock, no cryptography: the
 * daemon runs it on verified datagrams, the simulator on plain objects.
 *
 * A node without a session greets on every path at each keepalive. The peer answers with a random nonce that
 * stays the same until it is used or half its life is over, so that a flood of replayed greetings cannot push
 * out the nonce that the true peer is about to echo. The first message that echoes it opens the session at the
 * peer; the one that greeted opens at the answer. Both may greet at once: then both sessions hold, and each
 * side sends under the one it heard last.
 */
import type { Millis, NodeName } from '../core/types.ts';
import {
  addSession,
  findSession,
  hearLife,
  lastActivityMs,
  liveliestSession,
  newPeerState,
  type OpenSession,
  type PeerState,
} from './peer-state.ts';
import type {
  SessionDrop,
  SessionOptions,
  SessionOutput,
  SessionStatus,
  SessionTimings,
} from './session-contract.ts';
import { NO_NONCE, type Nonce, type SessionPacket } from './session-packet.ts';

type Outputs<M> = SessionOutput<M>[];

/** One per node. Time is passed in; every method returns what is to be done. */
export class Session<M> {
  readonly #options: SessionOptions;
  readonly #allPaths: readonly number[];
  readonly #peers = new Map<NodeName, PeerState<M>>();
  #timings: SessionTimings;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#allPaths = Array.from({ length: options.pathCount }, (_, path) => path);
    this.#timings = options.timings;
    this.setPeers(options.peers);
  }

  /** Forgets peers that are not named and keeps the sessions of those that are. */
  setPeers(names: readonly NodeName[]): void {
    const wanted = new Set(names.filter((name) => name !== this.#options.self));
    for (const name of this.#peers.keys()) if (!wanted.has(name)) this.#peers.delete(name);
    for (const name of wanted) if (!this.#peers.has(name)) this.#peers.set(name, newPeerState(name));
  }

  setTimings(timings: SessionTimings): void {
    this.#timings = timings;
  }

  status(): SessionStatus[] {
    return [...this.#peers.values()].map((peer) => ({
      peer: peer.name,
      open: peer.sessions.length > 0,
      heardAtMs: Number.isFinite(peer.heardAtMs) ? peer.heardAtMs : null,
      incarnation: peer.incarnation === '' ? null : peer.incarnation,
      instanceId: peer.incarnation === '' ? null : peer.instanceId,
      refusedAtMs: Number.isFinite(peer.rejectedAtMs) ? peer.rejectedAtMs : null,
    }));
  }

  /** Greets every peer that needs it, without waiting for something to say. To be called once at the start. */
  greet(nowMs: Millis): Outputs<M> {
    const outputs: Outputs<M> = [];
    for (const peer of this.#peers.values()) this.#greetIfNeeded(peer, nowMs, outputs);
    return outputs;
  }

  /**
   * Sends the payloads, in their order, on one path or on all. Without a session they wait, the latest call a
   * path, for at most two keepalives. To an unknown peer nothing is sent.
   */
  send(nowMs: Millis, to: NodeName, path: number | null, payloads: readonly M[]): Outputs<M> {
    const peer = this.#peers.get(to);
    if (peer === undefined) return [];
    const outputs: Outputs<M> = [];
    if (path !== null) this.#sendOn(peer, nowMs, path, payloads, outputs);
    else for (const each of this.#allPaths) this.#sendOn(peer, nowMs, each, payloads, outputs);
    this.#greetIfNeeded(peer, nowMs, outputs);
    return outputs;
  }

  receive(nowMs: Millis, packet: SessionPacket<M>): Outputs<M> {
    const peer = this.#peers.get(packet.sender);
    if (packet.receiver !== this.#options.self) return drop('wrong-receiver');
    if (peer === undefined) return drop('unknown-sender');
    if (packet.path >= this.#options.pathCount) return drop('wrong-path');
    switch (packet.kind) {
      case 'greeting':
        return this.#onGreeting(peer, nowMs, packet);
      case 'challenge':
        return this.#onChallenge(peer, nowMs, packet);
      case 'rejection':
        return this.#onRejection(peer, nowMs, packet);
      case 'message':
        return this.#onMessage(peer, nowMs, packet);
    }
  }

  #onGreeting(peer: PeerState<M>, nowMs: Millis, packet: SessionPacket<M>): Outputs<M> {
    const { path, senderNonce: receiverNonce } = packet;
    if (this.#isTaken(peer, packet, nowMs)) {
      const header = this.#header(peer, path, NO_NONCE, receiverNonce);
      const rejection = { ...header, kind: 'rejection', takenBy: peer.instanceId } as const;
      return [
        // The configured address of that name is the incumbent's, so the newcomer is answered where it asked.
        { type: 'transmit', packet: rejection, via: 'source' },
        { type: 'impostor', peer: peer.name, instanceId: packet.instanceId, incumbent: peer.instanceId },
      ];
    }
    const { challenge } = peer;
    if (challenge === null || nowMs - challenge.drawnAtMs >= this.#timings.deadtimeMs / 2) {
      peer.challenge = { nonce: this.#options.randomNonce(), drawnAtMs: nowMs };
    }
    const header = this.#header(peer, path, peer.challenge!.nonce, receiverNonce);
    return [{ type: 'transmit', packet: { ...header, kind: 'challenge' }, via: 'configured' }];
  }

  #onChallenge(peer: PeerState<M>, nowMs: Millis, packet: SessionPacket<M>): Outputs<M> {
    const nonces = { mine: packet.receiverNonce, theirs: packet.senderNonce };
    if (peer.greeting?.nonce !== nonces.mine) {
      // The same answer over a second path is no event.
      return findSession(peer, nonces) === undefined ? drop('unexpected-challenge') : [];
    }
    if (this.#isTaken(peer, packet, nowMs)) return drop('name-taken');
    addSession(peer, newSession(nonces, packet, nowMs));
    peer.greeting = null;
    const outputs: Outputs<M> = [];
    this.#releaseHeld(peer, nowMs, outputs);
    return outputs;
  }

  #onRejection(
    peer: PeerState<M>,
    nowMs: Millis,
    packet: SessionPacket<M> & { kind: 'rejection' },
  ): Outputs<M> {
    if (peer.greeting?.nonce !== packet.receiverNonce) return drop('unexpected-rejection');
    // A predecessor that died a moment ago is still remembered, but not for longer than deadtime: only a
    // refusal after that proves that it lives.
    peer.rejectedSinceMs ??= nowMs;
    peer.rejectedAtMs = nowMs;
    if (nowMs - peer.rejectedSinceMs < this.#timings.deadtimeMs) return [];
    return [{ type: 'name-taken', takenBy: packet.takenBy, saidBy: peer.name }];
  }

  #onMessage(peer: PeerState<M>, nowMs: Millis, packet: SessionPacket<M> & { kind: 'message' }): Outputs<M> {
    const nonces = { mine: packet.receiverNonce, theirs: packet.senderNonce };
    const known = findSession(peer, nonces);
    const session = known ?? this.#opened(peer, nowMs, packet);
    if (session === null || session.incarnation !== packet.incarnation) return drop('stale-session');
    if (this.#isTaken(peer, packet, nowMs)) return drop('name-taken');
    const last = session.accepted[packet.path] ?? 0;
    if (packet.sequence <= last) return drop('duplicate');
    session.accepted[packet.path] = packet.sequence;
    if (known === undefined) {
      addSession(peer, session);
      peer.challenge = null;
    }
    hearLife(peer, session, nowMs);
    const { sender: from, incarnation, path, payload } = packet;
    const missed = packet.sequence - last - 1;
    const outputs: Outputs<M> = [{ type: 'deliver', from, incarnation, path, payload, missed }];
    if (known === undefined) this.#releaseHeld(peer, nowMs, outputs);
    return outputs;
  }

  /** The session that this message opens, if it answers our challenge in time. Not entered yet. */
  #opened(peer: PeerState<M>, nowMs: Millis, packet: SessionPacket<M>): OpenSession | null {
    const { challenge } = peer;
    if (challenge === null || challenge.nonce !== packet.receiverNonce) return null;
    if (nowMs - challenge.drawnAtMs >= this.#timings.deadtimeMs) return null;
    return newSession({ mine: challenge.nonce, theirs: packet.senderNonce }, packet, nowMs);
  }

  /** Rule 17: somebody else bears the name and was heard within deadtime. */
  #isTaken(peer: PeerState<M>, packet: SessionPacket<M>, nowMs: Millis): boolean {
    if (peer.incarnation === '' || peer.instanceId === packet.instanceId) return false;
    return nowMs - peer.heardAtMs < this.#timings.deadtimeMs;
  }

  #sendOn(
    peer: PeerState<M>,
    nowMs: Millis,
    path: number,
    payloads: readonly M[],
    outputs: Outputs<M>,
  ): void {
    const session = liveliestSession(peer);
    if (session === undefined) {
      peer.held.set(path, { payloads, atMs: nowMs });
      return;
    }
    for (const payload of payloads) {
      const sequence = (session.sent[path] ?? 0) + 1;
      session.sent[path] = sequence;
      const header = this.#header(peer, path, session.mine, session.theirs);
      const packet = { ...header, kind: 'message', sequence, payload } as const;
      outputs.push({ type: 'transmit', packet, via: 'configured' });
    }
  }

  #releaseHeld(peer: PeerState<M>, nowMs: Millis, outputs: Outputs<M>): void {
    const held = [...peer.held];
    peer.held.clear();
    for (const [path, { payloads, atMs }] of held) {
      if (nowMs - atMs <= this.#timings.keepaliveMs * 2) this.#sendOn(peer, nowMs, path, payloads, outputs);
    }
  }

  /**
   * With no session, or one that has been silent for a quarter of deadtime. The session that there is stays in
   * use: when only the way back is cut, the peer must go on hearing us.
   */
  #greetIfNeeded(peer: PeerState<M>, nowMs: Millis, outputs: Outputs<M>): void {
    const { keepaliveMs, deadtimeMs } = this.#timings;
    if (nowMs - lastActivityMs(peer) < deadtimeMs / 4) return;
    // Half a keepalive: a call that comes a little early must not cost a whole further one.
    if (nowMs - peer.greetedAtMs < keepaliveMs / 2) return;
    peer.greetedAtMs = nowMs;
    if (peer.greeting === null || nowMs - peer.greeting.drawnAtMs >= deadtimeMs) {
      peer.greeting = { nonce: this.#options.randomNonce(), drawnAtMs: nowMs };
    }
    const { nonce } = peer.greeting;
    for (const path of this.#allPaths) {
      const packet = { ...this.#header(peer, path, nonce, NO_NONCE), kind: 'greeting' } as const;
      outputs.push({ type: 'transmit', packet, via: 'configured' });
    }
  }

  #header(peer: PeerState<M>, path: number, senderNonce: Nonce, receiverNonce: Nonce) {
    const { self: sender, incarnation, instanceId } = this.#options;
    return { sender, receiver: peer.name, incarnation, instanceId, path, senderNonce, receiverNonce };
  }
}

function newSession(
  nonces: { readonly mine: Nonce; readonly theirs: Nonce },
  packet: SessionPacket<unknown>,
  nowMs: Millis,
): OpenSession {
  return {
    ...nonces,
    incarnation: packet.incarnation,
    instanceId: packet.instanceId,
    openedAtMs: nowMs,
    heardAtMs: Number.NEGATIVE_INFINITY,
    sent: [],
    accepted: [],
  };
}

function drop(reason: SessionDrop): [{ readonly type: 'dropped'; readonly reason: SessionDrop }] {
  return [{ type: 'dropped', reason }];
}
