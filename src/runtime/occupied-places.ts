import { type Address, DescribeAddressesCommand } from '@aws-sdk/client-ec2';
import type { AwsClients } from '../cloud/aws-clients.ts';
import type { CallBounds } from '../cloud/bounded-call.ts';
import type { FailedCall } from '../cloud/cloud-error.ts';
import type { GroupName } from '../core/types.ts';
import type { CloudPerformer } from './cloud-performer.ts';
import type { CloudGroup } from './cloud-plan.ts';

/** Where an Elastic IP of a group goes on this instance. */
export interface Place {
  readonly group: GroupName;
  readonly networkInterfaceId: string;
  readonly privateAddress: string;
  /** Of the address that goes there, by allocation or public address. */
  readonly name: string;
}

export function placesOf(groups: ReadonlyMap<GroupName, CloudGroup>): readonly Place[] {
  return [...groups].flatMap(([group, { addresses }]) =>
    addresses.flatMap((planned): Place[] => {
      if (planned.type !== 'elastic-ip') return [];
      const { id, target } = planned;
      const name = id.kind === 'allocation' ? id.allocationId : id.publicAddress;
      return [{ group, ...target, name }];
    }),
  );
}

/** All Elastic IPs on the interfaces of these places, in one call. */
export async function describeOccupants(
  clients: AwsClients,
  places: readonly Place[],
  bounds: CallBounds,
): Promise<readonly Address[] | FailedCall> {
  const ids = [...new Set(places.map(({ networkInterfaceId }) => networkInterfaceId))];
  const command = new DescribeAddressesCommand({
    Filters: [{ Name: 'network-interface-id', Values: ids }],
  });
  const outcome = await clients.call(
    { operation: 'EC2 DescribeAddresses', service: 'ec2', kind: 'read' },
    bounds,
    (options) => clients.ec2.send(command, options),
  );
  return outcome.status === 'failed' ? outcome.result : (outcome.answer.Addresses ?? []);
}

/** '' or the Elastic IP that a takeover would push off: EC2 displaces what is on the target's private address. */
export function strangerOn(place: Place, occupants: readonly Address[]): string {
  const { networkInterfaceId, privateAddress, name } = place;
  const stranger = occupants.find(
    ({ NetworkInterfaceId, PrivateIpAddress, AllocationId, PublicIp }) =>
      NetworkInterfaceId === networkInterfaceId &&
      PrivateIpAddress === privateAddress &&
      name !== AllocationId &&
      name !== PublicIp,
  );
  return stranger?.PublicIp ?? '';
}

const READ_TIMEOUT_MS = 5_000;
/** Nothing that happens every day, and each look is a call of the few that a node may make. */
const LOOK_EVERY_MS = 300_000;
/** Who frees a place should not have to wait until this node can lead again. */
const LOOK_AGAIN_MS = 30_000;

/**
 * Whether the places of the groups are free, told before a claim and not after it (fault 44). A place is not looked at
 * while its group is led here. A reading that fails says nothing: what was found last stands.
 */
export class PlaceWatch {
  readonly #clients: AwsClients;
  readonly #all: readonly Place[];
  readonly #cloud: Pick<CloudPerformer, 'places'>;
  readonly #onChange: () => void;
  readonly #abort = new AbortController();
  readonly #problems = new Map<GroupName, string>();
  #timer: NodeJS.Timeout | undefined;

  /** `cloud`: knows which addresses are here. */
  constructor(
    parts: { readonly clients: AwsClients; readonly cloudGroups: ReadonlyMap<GroupName, CloudGroup> },
    cloud: Pick<CloudPerformer, 'places'>,
    onChange: () => void,
  ) {
    this.#clients = parts.clients;
    this.#all = placesOf(parts.cloudGroups);
    this.#cloud = cloud;
    this.#onChange = onChange;
  }

  start(): void {
    void this.#lookOn();
  }

  close(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
  }

  /** '' or why the address could not come here without harm. */
  problemOf(group: GroupName): string {
    return this.#problems.get(group) ?? '';
  }

  async #lookOn(): Promise<void> {
    await this.look();
    if (this.#abort.signal.aborted) return;
    const delayMs = this.#problems.size > 0 ? LOOK_AGAIN_MS : LOOK_EVERY_MS;
    this.#timer = setTimeout(() => void this.#lookOn(), delayMs).unref();
  }

  async look(): Promise<void> {
    const places = this.#all.filter(({ group }) => !this.#cloud.places(group).some(({ here }) => here));
    const bounds = { signal: this.#abort.signal, deadlineMs: READ_TIMEOUT_MS };
    const occupants = places.length === 0 ? [] : await describeOccupants(this.#clients, places, bounds);
    if (this.#abort.signal.aborted || 'type' in occupants) return;
    this.#problems.clear();
    for (const place of places) {
      const stranger = strangerOn(place, occupants);
      if (stranger === '') continue;
      const { group, privateAddress } = place;
      this.#problems.set(
        group,
        `${privateAddress} has the Elastic IP ${stranger} already, which a takeover would push off: free it, or name another private address`,
      );
    }
    this.#onChange();
  }
}
