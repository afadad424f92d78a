import { createHash } from 'node:crypto';
import type { GroupName } from '../core/types.ts';

/**
 * Group names as they travel: four bytes of SHA-256. The names themselves stand in the configuration of every
 * node, and a hash, unlike an index, means the same in two files that list the groups in another order.
 */
export class GroupTable {
  readonly #names = new Map<number, GroupName>();
  readonly #hashes = new Map<GroupName, number>();

  /** Throws when two names share a hash, which for 30 groups happens once in ten million clusters. */
  constructor(groups: readonly GroupName[]) {
    for (const name of groups) {
      const hash = groupHash(name);
      const other = this.#names.get(hash);
      if (other !== undefined && other !== name) {
        throw new Error(
          `The groups "${other}" and "${name}" cannot be told apart in a heartbeat. The configuration was refused. Rename one of them.`,
        );
      }
      this.#names.set(hash, name);
      this.#hashes.set(name, hash);
    }
  }

  /** undefined: a group that this node's configuration does not name. */
  nameOf(hash: number): GroupName | undefined {
    return this.#names.get(hash);
  }

  hashOf(name: GroupName): number {
    return this.#hashes.get(name) ?? groupHash(name);
  }
}

function groupHash(name: GroupName): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0);
}
