/**
 * The EC2 side of the emulated account: instances, interfaces, Elastic IPs, and which hosts are plugged in.
 * Invariant: an Elastic IP has at most one association, and a private address carries at most one Elastic IP.
 * Every change is one synchronous step, so concurrent calls cannot see half of it.
 */
import { ApiError } from './api-error.ts';
import { type AssociateRequest, associationTarget } from './association-target.ts';
import {
  type Association,
  type CloudView,
  type ElasticAddress,
  EMPTY_VIEW,
  type Instance,
  type InstanceState,
  interfacesOf,
  type NetworkInterface,
  resourceId,
  type ScheduledEvent,
  withEntry,
} from './cloud-model.ts';
import { type AssignRequest, assigned, unassigned } from './private-addresses.ts';
import { Timeline } from './timeline.ts';

export interface NodeSpec {
  readonly name: string;
  /** The address of its first interface; a loopback address (127.0.0.11), so that real sockets can use it. */
  readonly privateIp: string;
  readonly availabilityZone?: string;
}

/** Who has an Elastic IP. `reachable`: its instance runs and is plugged in, so that packets are answered. */
export interface Holder {
  /** The node, or '' when the interface is attached to no instance. */
  readonly node: string;
  readonly networkInterfaceId: string;
  readonly privateIp: string;
  readonly reachable: boolean;
}

export class CloudState {
  readonly #nowMs: () => number;
  readonly #timeline: Timeline<CloudView>;
  readonly #unplugged = new Set<string>();
  readonly #pastAssociations = new Set<string>();
  readonly #listeners = new Set<() => void>();
  #serial = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#timeline = new Timeline(EMPTY_VIEW, nowMs);
  }

  /** The account as it is, or as it was `ageMs` milliseconds ago. */
  view(ageMs = 0): CloudView {
    return this.#timeline.asOf(ageMs);
  }

  /** Called after every change of the account or of the cabling; the returned function ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  addNode(spec: NodeSpec): Instance {
    if (this.view().instances.has(resourceId('i', spec.name)))
      throw new Error(`node ${spec.name} exists already`);
    const availabilityZone = spec.availabilityZone ?? 'eu-central-1a';
    const instance: Instance = {
      instanceId: resourceId('i', spec.name),
      node: spec.name,
      state: 'running',
      statusChecks: 'ok',
      availabilityZone,
      launchedAtMs: this.#nowMs(),
      scheduledEvents: [],
      tags: { Name: spec.name },
    };
    this.#replace({ instances: withEntry(this.view().instances, instance.instanceId, instance) });
    this.addInterface({ attachTo: spec.name, privateIps: [spec.privateIp], availabilityZone });
    return instance;
  }

  /** A further interface: of a node, or (without `attachTo`) one that is attached to nothing. */
  addInterface(spec: {
    attachTo?: string;
    privateIps: readonly string[];
    availabilityZone?: string;
  }): NetworkInterface {
    const networkInterfaceId = resourceId('eni', spec.privateIps.join());
    const digits = networkInterfaceId.slice(-10);
    const instanceId = spec.attachTo === undefined ? null : this.instanceOf(spec.attachTo).instanceId;
    const networkInterface: NetworkInterface = {
      networkInterfaceId,
      instanceId,
      deviceIndex: instanceId === null ? 0 : interfacesOf(this.view(), instanceId).length,
      macAddress: `02:${digits.replace(/..(?!$)/g, '$&:')}`,
      availabilityZone: spec.availabilityZone ?? 'eu-central-1a',
      privateIps: spec.privateIps,
    };
    this.#replace({ interfaces: withEntry(this.view().interfaces, networkInterfaceId, networkInterface) });
    return networkInterface;
  }

  /** Throws when there is no such node: a demo that names one is wrong. */
  instanceOf(node: string): Instance {
    const found = this.view().instances.get(resourceId('i', node));
    if (found === undefined) throw new Error(`the emulator knows no node ${node}`);
    return found;
  }

  /** The node's first interface. */
  interfaceOf(node: string): NetworkInterface {
    const [first] = interfacesOf(this.view(), this.instanceOf(node).instanceId);
    if (first === undefined) throw new Error(`node ${node} has no interface: its instance is terminated`);
    return first;
  }

  /** Stopping keeps the Elastic IP (a black hole until somebody moves it); terminating deletes the interfaces. */
  setInstanceState(node: string, state: InstanceState): void {
    const instance = { ...this.instanceOf(node), state };
    if (state === 'terminated') this.#deleteInterfaces(instance.instanceId);
    this.#replace({ instances: withEntry(this.view().instances, instance.instanceId, instance) });
  }

  setStatusChecks(node: string, statusChecks: Instance['statusChecks']): void {
    const instance = { ...this.instanceOf(node), statusChecks };
    this.#replace({ instances: withEntry(this.view().instances, instance.instanceId, instance) });
  }

  setScheduledEvents(node: string, scheduledEvents: readonly ScheduledEvent[]): void {
    const instance = { ...this.instanceOf(node), scheduledEvents };
    this.#replace({ instances: withEntry(this.view().instances, instance.instanceId, instance) });
  }

  /** Cuts a node off: its calls to AWS hang and its Elastic IP answers nobody. EC2 still calls it running. */
  unplug(node: string): void {
    this.instanceOf(node);
    this.#unplugged.add(node);
    this.#notify();
  }

  plugIn(node: string): void {
    this.#unplugged.delete(node);
    this.#notify();
  }

  isUnplugged(node: string): boolean {
    return this.#unplugged.has(node);
  }

  allocate(spec: { publicIp?: string; tags?: Readonly<Record<string, string>> } = {}): ElasticAddress {
    this.#serial += 1;
    const publicIp = spec.publicIp ?? `203.0.113.${9 + this.#serial}`;
    const allocationId = resourceId('eipalloc', publicIp);
    if (this.view().addresses.has(allocationId)) throw new Error(`${publicIp} is allocated already`);
    const address: ElasticAddress = { allocationId, publicIp, association: null, tags: spec.tags ?? {} };
    this.#putAddress(address);
    return address;
  }

  /** Gives an address back, as an operator might by mistake. Throws when it is still associated. */
  release(allocationId: string): void {
    const address = this.#addressOf(allocationId);
    if (address.association !== null) {
      throw new ApiError('InvalidIPAddress.InUse', `Address ${address.publicIp} is in use.`);
    }
    const addresses = new Map(this.view().addresses);
    addresses.delete(allocationId);
    this.#replace({ addresses });
  }

  holderOf(publicIp: string): Holder | null {
    const view = this.view();
    const address = [...view.addresses.values()].find((candidate) => candidate.publicIp === publicIp);
    if (address === undefined || address.association === null) return null;
    const { networkInterfaceId, privateIp } = address.association;
    const node = this.#nodeOf(networkInterfaceId)?.node ?? '';
    return { node, networkInterfaceId, privateIp, reachable: this.isReachable(networkInterfaceId) };
  }

  /** Whether packets to this interface are answered: its instance runs and is plugged in. */
  isReachable(networkInterfaceId: string): boolean {
    const instance = this.#nodeOf(networkInterfaceId);
    return instance?.state === 'running' && !this.#unplugged.has(instance.node);
  }

  /**
   * AssociateAddress. Displaces an Elastic IP that is already on the target private address, whatever
   * the flag says: the flag guards the address that is moved, not the place it moves to.
   */
  associate(request: AssociateRequest, options: { dryRun: boolean } = { dryRun: false }): Association {
    const address = this.#addressOf(request.allocationId);
    const target = associationTarget(this.view(), request);
    const old = address.association;
    const stays =
      old !== null &&
      old.networkInterfaceId === target.networkInterfaceId &&
      old.privateIp === target.privateIp;
    if (old !== null && !stays && request.allowReassociation === false) {
      throw new ApiError(
        'Resource.AlreadyAssociated',
        `resource ${address.allocationId} is already associated with associate-id ${old.associationId}`,
      );
    }
    if (options.dryRun) throw dryRunSucceeded();
    if (old !== null && stays) return old;
    for (const other of this.view().addresses.values()) {
      const place = other.association;
      if (place?.networkInterfaceId !== target.networkInterfaceId || place.privateIp !== target.privateIp)
        continue;
      this.#free(other);
    }
    if (old !== null) this.#pastAssociations.add(old.associationId);
    this.#serial += 1;
    const association = { associationId: resourceId('eipassoc', `${this.#serial}`), ...target };
    this.#putAddress({ ...address, association });
    return association;
  }

  /** DisassociateAddress. An association that is over succeeds silently and frees nothing. */
  disassociate(associationId: string, options: { dryRun: boolean } = { dryRun: false }): void {
    const address = [...this.view().addresses.values()].find(
      (candidate) => candidate.association?.associationId === associationId,
    );
    if (address === undefined && !this.#pastAssociations.has(associationId)) {
      throw new ApiError(
        'InvalidAssociationID.NotFound',
        `The association ID '${associationId}' does not exist`,
      );
    }
    if (options.dryRun) throw dryRunSucceeded();
    if (address !== undefined) this.#free(address);
  }

  /** AssignPrivateIpAddresses. */
  assignPrivateIps(request: AssignRequest, options: { dryRun: boolean } = { dryRun: false }): void {
    const change = assigned(this.view(), request);
    if (options.dryRun) throw dryRunSucceeded();
    this.#replace(change);
  }

  /** UnassignPrivateIpAddresses. */
  unassignPrivateIps(
    networkInterfaceId: string,
    privateIps: readonly string[],
    options: { dryRun: boolean } = { dryRun: false },
  ): void {
    const change = unassigned(this.view(), networkInterfaceId, privateIps);
    if (options.dryRun) throw dryRunSucceeded();
    this.#replace(change);
  }

  #nodeOf(networkInterfaceId: string): Instance | undefined {
    const instanceId = this.view().interfaces.get(networkInterfaceId)?.instanceId;
    return this.view().instances.get(instanceId ?? '');
  }

  #addressOf(allocationId: string): ElasticAddress {
    const address = this.view().addresses.get(allocationId);
    if (address !== undefined) return address;
    throw new ApiError('InvalidAllocationID.NotFound', `The allocation ID '${allocationId}' does not exist`);
  }

  #deleteInterfaces(instanceId: string): void {
    const interfaces = new Map(this.view().interfaces);
    for (const { networkInterfaceId } of interfacesOf(this.view(), instanceId)) {
      interfaces.delete(networkInterfaceId);
      for (const address of this.view().addresses.values()) {
        if (address.association?.networkInterfaceId === networkInterfaceId) this.#free(address);
      }
    }
    this.#replace({ interfaces });
  }

  #free(address: ElasticAddress): void {
    if (address.association !== null) this.#pastAssociations.add(address.association.associationId);
    this.#putAddress({ ...address, association: null });
  }

  #putAddress(address: ElasticAddress): void {
    this.#replace({ addresses: withEntry(this.view().addresses, address.allocationId, address) });
  }

  #replace(part: Partial<CloudView>): void {
    this.#timeline.set({ ...this.view(), ...part });
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** DryRun answers "yes" as an error, as EC2 does. */
export const dryRunSucceeded = (): ApiError =>
  new ApiError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');
