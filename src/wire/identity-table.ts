import { Buffer } from 'node:buffer';
import type { Incarnation, NodeName } from '../core/types.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { MAX_NAME_BYTES } from './packet.ts';

/** A node, or one life of it; the incarnation is '' when no particular one is meant. */
export interface Identity {
  readonly name: NodeName;
  readonly incarnation: Incarnation;
}

const NOBODY: Identity = { name: '', incarnation: '' as Incarnation };
const MAX_ENTRIES = 255;
const WITH_INCARNATION = 0x80;

/**
 * The nodes that a body speaks of, each written once: reports point at them by index. Index 0 is nobody and
 * index 1 the sender in its present incarnation, so that an ordinary leader's heartbeat needs no entry at all.
 * Names travel whole: two nodes whose files list other nodes still understand each other.
 */
export class IdentityTable {
  readonly #identities: Identity[];
  readonly #indexes = new Map<string, number>();
  /** What the entries take in the body, without the byte that counts them. */
  #bytes = 0;

  constructor(sender: Identity) {
    this.#identities = [NOBODY, sender];
    this.#indexes.set(keyOf(sender), 1);
  }

  get bytes(): number {
    return this.#bytes;
  }

  get entries(): number {
    return this.#identities.length - 2;
  }

  indexOf(name: NodeName, incarnation: Incarnation): number {
    if (name === '') return 0;
    const identity = { name, incarnation };
    const known = this.#indexes.get(keyOf(identity));
    return known ?? this.#add(identity);
  }

  /** Of any incarnation. */
  indexOfNode(name: NodeName): number {
    if (name === '') return 0;
    const known = this.#identities.findIndex((identity) => identity.name === name);
    return known > 0 ? known : this.#add({ name, incarnation: NOBODY.incarnation });
  }

  /** Takes back entries added since there were `entries` of them. */
  truncate(entries: number): void {
    for (const identity of this.#identities.splice(entries + 2)) {
      this.#indexes.delete(keyOf(identity));
      this.#bytes -= sizeOf(identity);
    }
  }

  write(writer: ByteWriter): void {
    writer.uint(this.entries, 1);
    for (const { name, incarnation } of this.#identities.slice(2)) {
      const bytes = Buffer.from(name);
      writer.uint(bytes.length | (incarnation === '' ? 0 : WITH_INCARNATION), 1);
      writer.bytes(bytes);
      if (incarnation !== '') writer.hex8(incarnation);
    }
  }

  #add(identity: Identity): number {
    if (Buffer.byteLength(identity.name) > MAX_NAME_BYTES) {
      throw new RangeError(`node name longer than ${MAX_NAME_BYTES} bytes: ${JSON.stringify(identity.name)}`);
    }
    if (this.entries >= MAX_ENTRIES - 2) throw new RangeError('more nodes than one body can name');
    this.#identities.push(identity);
    this.#bytes += sizeOf(identity);
    const index = this.#identities.length - 1;
    this.#indexes.set(keyOf(identity), index);
    return index;
  }
}

/** By index; a report that points outside is malformed. */
export function readIdentities(reader: ByteReader, sender: Identity): readonly Identity[] {
  const identities: Identity[] = [NOBODY, sender];
  const count = reader.uint(1);
  for (let i = 0; i < count && !reader.failed; i += 1) {
    const head = reader.uint(1);
    const length = head & ~WITH_INCARNATION;
    if (length > MAX_NAME_BYTES) reader.fail();
    const name = reader.text(length);
    const incarnation = (head & WITH_INCARNATION ? reader.hex8() : '') as Incarnation;
    identities.push({ name, incarnation });
  }
  return identities;
}

function keyOf({ name, incarnation }: Identity): string {
  return `${incarnation}/${name}`;
}

function sizeOf({ name, incarnation }: Identity): number {
  return 1 + Buffer.byteLength(name) + (incarnation === '' ? 0 : 8);
}
