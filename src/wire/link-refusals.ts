import type { Millis, NodeName } from '../core/types.ts';
import type { DropReason, PeerAddresses } from './transport.ts';

/** What an operator can mend, in the words of a status; the rest is the weather of a network. */
const SENTENCES: Partial<Record<DropReason, string>> = {
  'unknown-key': 'what comes from there is signed with another key: compare the keys of both nodes',
  'bad-signature': 'what comes from there has a wrong signature: it is damaged or forged',
  version:
    'what comes from there is in a format of another version: bring both nodes to versions that understand each other',
  malformed: 'what comes from there cannot be read: compare the versions of eipkeeper on both nodes',
  'unknown-sender': 'what comes from there is signed by a node that this configuration does not name',
  'wrong-receiver': 'what comes from there is meant for another node: compare the configurations',
  'wrong-path':
    'what comes from there was sent on another path: list the addresses in the same order everywhere',
};

/** Remembers for each configured path, and for no other address, why the last datagram from there was not believed. */
export class LinkRefusals {
  readonly #last = new Map<string, { readonly sentence: string; readonly atMs: Millis }>();
  #links = new Map<string, string>();

  setPeers(peers: PeerAddresses): void {
    this.#links = new Map(
      Object.entries(peers).flatMap(([peer, addresses]) =>
        addresses.map(({ address }, path) => [`${path} ${address}`, `${peer} ${path}`] as const),
      ),
    );
    const known = new Set(this.#links.values());
    for (const link of this.#last.keys()) if (!known.has(link)) this.#last.delete(link);
  }

  /** Whether it came from a configured address. */
  note(reason: DropReason, from: { readonly path: number; readonly address: string }, atMs: Millis): boolean {
    const sentence = SENTENCES[reason];
    const link = this.#links.get(`${from.path} ${from.address}`);
    if (sentence !== undefined && link !== undefined) this.#last.set(link, { sentence, atMs });
    return link !== undefined;
  }

  /** '' when what came last was believed, or nothing came. The address of a datagram proves nothing: it is a hint. */
  of(peer: NodeName, path: number, heardAtMs: Millis | null): string {
    const refusal = this.#last.get(`${peer} ${path}`);
    return refusal !== undefined && refusal.atMs > (heardAtMs ?? Number.NEGATIVE_INFINITY)
      ? refusal.sentence
      : '';
  }
}
