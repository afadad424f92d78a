import type { Millis, NodeName } from '../core/types.ts';

interface Link {
  sent: number;
  received: number;
  lost: number;
  heardAtMs: Millis | null;
  rttMs: number | null;
  rttAtMs: Millis | null;
}

const REMEMBERED_BEATS = 64;
/** As TCP smooths it (RFC 6298): one sample counts an eighth. */
const RTT_WEIGHT = 1 / 8;

/** Counts for `status`, `doctor` and the metrics, per peer and path. Bounded by the configured peers. */
export class LinkMeter {
  readonly #links = new Map<string, Link>();
  /** By peer: when the heartbeat of a beat was sent, in a ring. */
  readonly #beats = new Map<NodeName, { beat: number; atMs: Millis }[]>();

  link(peer: NodeName, path: number): Readonly<Link> {
    return this.#link(peer, path);
  }

  forgetAllBut(peers: ReadonlySet<NodeName>): void {
    for (const peer of this.#beats.keys()) if (!peers.has(peer)) this.#beats.delete(peer);
    for (const key of this.#links.keys()) {
      if (!peers.has(key.slice(key.indexOf('/') + 1))) this.#links.delete(key);
    }
  }

  noteBeat(peer: NodeName, beat: number, nowMs: Millis): void {
    let ring = this.#beats.get(peer);
    if (ring === undefined) {
      ring = [];
      this.#beats.set(peer, ring);
    }
    ring[beat % REMEMBERED_BEATS] = { beat, atMs: nowMs };
  }

  noteReply(from: { peer: NodeName; path: number }, beat: number, nowMs: Millis): void {
    const sent = this.#beats.get(from.peer)?.[beat % REMEMBERED_BEATS];
    if (sent === undefined || sent.beat !== beat) return;
    const link = this.#link(from.peer, from.path);
    const sampleMs = nowMs - sent.atMs;
    link.rttMs = link.rttMs === null ? sampleMs : link.rttMs + (sampleMs - link.rttMs) * RTT_WEIGHT;
    link.rttAtMs = nowMs;
  }

  noteSent(peer: NodeName, path: number): void {
    this.#link(peer, path).sent += 1;
  }

  noteReceived(from: { peer: NodeName; path: number }, missed: number, nowMs: Millis): void {
    const link = this.#link(from.peer, from.path);
    link.received += 1;
    link.lost += missed;
    link.heardAtMs = nowMs;
  }

  #link(peer: NodeName, path: number): Link {
    const key = `${path}/${peer}`;
    let link = this.#links.get(key);
    if (link === undefined) {
      link = { sent: 0, received: 0, lost: 0, heardAtMs: null, rttMs: null, rttAtMs: null };
      this.#links.set(key, link);
    }
    return link;
  }
}
