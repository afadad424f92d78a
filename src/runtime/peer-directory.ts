import type { NodeName } from '../core/types.ts';
import type { RegistryEntry } from '../witness/node-registry.ts';
import { type Registration, sameRegistration } from '../witness/registration-record.ts';

interface Peer {
  /** What is used; null: where it is, is not known. */
  registration: Registration | null;
  /** When it was written, by the service's clock; null: not known. */
  sinceMs: number | null;
  /** What is wrong with its entry; '' otherwise. */
  problem: string;
}

export interface PeerView {
  readonly registration: Registration | null;
  readonly sinceMs: number | null;
  readonly problem: string;
}

const NOT_READ: PeerView = { registration: null, sinceMs: null, problem: 'the registry was not read yet' };

/**
 * Where the registered peers are, by their last good entries. An entry that is missing or makes no sense changes
 * nothing about where the heartbeats go: the node may well be where it was.
 */
export class PeerDirectory {
  readonly #peers = new Map<NodeName, Peer>();
  /** Every registered node has as many addresses as this node has paths. */
  readonly #paths: number;

  constructor(paths: number) {
    this.#paths = paths;
  }

  /** What was known before this start. */
  remember(registrations: ReadonlyMap<NodeName, Registration>): void {
    for (const [name, registration] of registrations) {
      if (registration.addresses.length !== this.#paths) continue;
      this.#peers.set(name, { registration, sinceMs: null, problem: '' });
    }
  }

  /** Answers whose place is another one now. A peer that is heard stays where it is heard. */
  take(entries: ReadonlyMap<NodeName, RegistryEntry>, heard: ReadonlySet<NodeName>): readonly Registration[] {
    const moved: Registration[] = [];
    for (const [name, entry] of entries) {
      const peer = this.#peers.get(name) ?? { registration: null, sinceMs: null, problem: '' };
      this.#peers.set(name, peer);
      peer.problem = this.#problemOf(name, entry);
      if (entry.status !== 'registered' || peer.problem !== '') continue;
      const { registration, sinceMs } = entry;
      const isNew = peer.registration === null || !sameRegistration(peer.registration, registration);
      if (isNew && heard.has(name)) {
        peer.problem = `is heard, and the registration is of ${registration.instanceId} at ${shown(registration)}, which is left alone`;
        continue;
      }
      peer.registration = registration;
      peer.sinceMs = sinceMs;
      if (isNew) moved.push(registration);
    }
    return moved;
  }

  view(name: NodeName): PeerView {
    return this.#peers.get(name) ?? NOT_READ;
  }

  /** Of these nodes, where it is known. */
  registrations(names: readonly NodeName[]): ReadonlyMap<NodeName, Registration> {
    return new Map(
      names.flatMap((name): [NodeName, Registration][] => {
        const { registration } = this.view(name);
        return registration === null ? [] : [[name, registration]];
      }),
    );
  }

  #problemOf(name: NodeName, entry: RegistryEntry): string {
    switch (entry.status) {
      case 'missing':
        return 'nobody has registered under this name: start eipkeeper there';
      case 'foreign':
        return `its registration is not understood (${entry.reason}): restart eipkeeper there, or delete the parameter`;
      case 'registered': {
        const { length } = entry.registration.addresses;
        if (length === this.#paths) return '';
        return `is registered with ${length} addresses, and this node has ${this.#paths}: give ${name} and this node the same number of paths`;
      }
    }
  }
}

export const shown = ({ addresses, port }: Pick<Registration, 'addresses' | 'port'>): string =>
  `${addresses.join(' and ')}, port ${port}`;
