import { createHash } from 'node:crypto';

export type InstanceState = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

/** What AWS announces for an instance, in DescribeInstanceStatus. */
export interface ScheduledEvent {
  readonly code: 'instance-retirement' | 'instance-stop' | 'system-reboot' | 'system-maintenance';
  readonly description: string;
  readonly notBeforeMs: number;
}

export interface Instance {
  readonly instanceId: string;
  /** The node's name, also its tag `Name`. */
  readonly node: string;
  readonly state: InstanceState;
  /** Both status checks, system and instance, answer this while the instance runs. */
  readonly statusChecks: 'ok' | 'impaired' | 'initializing';
  readonly availabilityZone: string;
  readonly launchedAtMs: number;
  readonly scheduledEvents: readonly ScheduledEvent[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface NetworkInterface {
  readonly networkInterfaceId: string;
  /** null: attached to nothing. */
  readonly instanceId: string | null;
  readonly deviceIndex: number;
  readonly macAddress: string;
  readonly availabilityZone: string;
  /** The first is the primary one; never empty. */
  readonly privateIps: readonly string[];
}

export interface Association {
  readonly associationId: string;
  readonly networkInterfaceId: string;
  readonly privateIp: string;
}

export interface ElasticAddress {
  readonly allocationId: string;
  readonly publicIp: string;
  readonly association: Association | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** One consistent picture of the account; never edited, only replaced. */
export interface CloudView {
  readonly instances: ReadonlyMap<string, Instance>;
  readonly interfaces: ReadonlyMap<string, NetworkInterface>;
  readonly addresses: ReadonlyMap<string, ElasticAddress>;
}

export const EMPTY_VIEW: CloudView = { instances: new Map(), interfaces: new Map(), addresses: new Map() };

/** EC2's ids are a prefix and 17 hexadecimal digits; derived from a name they are the same in every run. */
export const resourceId = (prefix: string, name: string): string =>
  `${prefix}-0${createHash('sha256').update(`${prefix}/${name}`).digest('hex').slice(0, 16)}`;

/** A map like `map` in which `key` has `value`. */
export const withEntry = <K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> =>
  new Map(map).set(key, value);

/** The interfaces of an instance, the first one first; none when it is terminated. */
export const interfacesOf = (view: CloudView, instanceId: string): NetworkInterface[] =>
  [...view.interfaces.values()].filter((candidate) => candidate.instanceId === instanceId);
