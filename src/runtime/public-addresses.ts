import { DescribeAddressesCommand } from '@aws-sdk/client-ec2';
import type { AwsClients } from '../cloud/aws-clients.ts';
import type { GroupName } from '../core/types.ts';

const READ_TIMEOUT_MS = 5_000;
const RETRY_MS = 30_000;
const ALLOCATION = /^eipalloc-/;

/**
 * What people call the addresses of the groups: a configuration may name only the allocation. For messages and
 * status only, so it is looked up in the background, and nothing waits for it.
 */
export class PublicAddresses {
  readonly #clients: AwsClients;
  readonly #groups: ReadonlyMap<GroupName, readonly string[]>;
  readonly #known = new Map<string, string>();
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | null = null;

  /** `groups`: the addresses as the configuration names them, an allocation or the address itself. */
  constructor(clients: AwsClients, groups: ReadonlyMap<GroupName, readonly string[]>) {
    this.#clients = clients;
    this.#groups = groups;
  }

  start(): void {
    void this.#look();
  }

  close(): void {
    this.#abort.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** All of a group's, joined by commas; null: not looked up yet. */
  of(group: GroupName): string | null {
    const names = this.#groups.get(group) ?? [];
    const isKnown = names.every((name) => !ALLOCATION.test(name) || this.#known.has(name));
    return names.length > 0 && isKnown ? this.nameOf(group) : null;
  }

  /** The addresses, or how the configuration names them. */
  nameOf(group: GroupName): string {
    const names = this.#groups.get(group) ?? [];
    return names.length === 0 ? 'of this group' : names.map((name) => this.publicOf(name)).join();
  }

  /** One address, or how the configuration names it. */
  publicOf(name: string): string {
    return this.#known.get(name) ?? name;
  }

  async #look(): Promise<void> {
    const wanted = [...this.#groups.values()].flat().filter((name) => ALLOCATION.test(name));
    const missing = [...new Set(wanted)].filter((id) => !this.#known.has(id));
    if (missing.length === 0) return;
    const outcome = await this.#clients.call(
      { operation: 'EC2 DescribeAddresses', service: 'ec2', kind: 'read' },
      { signal: this.#abort.signal, deadlineMs: READ_TIMEOUT_MS },
      (options) => this.#clients.ec2.send(new DescribeAddressesCommand({ AllocationIds: missing }), options),
    );
    if (this.#abort.signal.aborted) return;
    if (outcome.status === 'answered') {
      for (const { AllocationId, PublicIp } of outcome.answer.Addresses ?? []) {
        if (AllocationId !== undefined && PublicIp !== undefined) this.#known.set(AllocationId, PublicIp);
      }
      return;
    }
    this.#timer = setTimeout(() => void this.#look(), RETRY_MS);
    this.#timer.unref();
  }
}
