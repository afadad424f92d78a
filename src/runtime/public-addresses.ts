import { DescribeAddressesCommand } from '@aws-sdk/client-ec2';
import type { AwsClients } from '../cloud/aws-clients.ts';
import type { AddressId } from '../cloud/elastic-ip.ts';
import type { GroupName } from '../core/types.ts';

const READ_TIMEOUT_MS = 5_000;
const RETRY_MS = 30_000;

/**
 * What people call the Elastic IPs: a configuration may name only the allocation. For messages and status only,
 * so it is looked up in the background, and nothing waits for it.
 */
export class PublicAddresses {
  readonly #clients: AwsClients;
  readonly #groups: ReadonlyMap<GroupName, AddressId>;
  readonly #known = new Map<string, string>();
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | null = null;

  constructor(clients: AwsClients, groups: ReadonlyMap<GroupName, AddressId>) {
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

  /** null: not looked up yet. */
  of(group: GroupName): string | null {
    const id = this.#groups.get(group);
    if (id === undefined) return null;
    return id.kind === 'public' ? id.publicAddress : (this.#known.get(id.allocationId) ?? null);
  }

  /** The address, or how the configuration names it. */
  nameOf(group: GroupName): string {
    const id = this.#groups.get(group);
    return this.of(group) ?? (id?.kind === 'allocation' ? id.allocationId : 'of this group');
  }

  async #look(): Promise<void> {
    const ids = [...this.#groups.values()];
    const wanted = ids.flatMap((id) => (id.kind === 'allocation' ? [id.allocationId] : []));
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
