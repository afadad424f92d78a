import {
  type CloudView,
  type ElasticAddress,
  type Instance,
  type InstanceState,
  interfacesOf,
  type NetworkInterface,
} from './cloud-model.ts';
import type { XmlValue } from './xml.ts';

export const ACCOUNT_ID = '123456789012';
const VPC_ID = 'vpc-0e1b2c3d4e5f60718';
export const SUBNET_ID = 'subnet-0a1b2c3d4e5f60718';

type Xml = Readonly<Record<string, XmlValue | undefined>>;

const STATE_CODES: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

const tagSet = (tags: Readonly<Record<string, string>>): XmlValue =>
  Object.entries(tags).map(([key, value]) => ({ key, value }));

const stateXml = (state: InstanceState): Xml => ({ code: STATE_CODES[state], name: state });

const addressOn = (
  view: CloudView,
  networkInterfaceId: string,
  privateIp: string,
): ElasticAddress | undefined =>
  [...view.addresses.values()].find(
    ({ association }) =>
      association?.networkInterfaceId === networkInterfaceId && association.privateIp === privateIp,
  );

/** An address that is held by an interface without an instance describes without `instanceId`. */
export function addressXml(view: CloudView, address: ElasticAddress, region: string): Xml {
  const { association } = address;
  const holder = association === null ? undefined : view.interfaces.get(association.networkInterfaceId);
  return {
    publicIp: address.publicIp,
    allocationId: address.allocationId,
    domain: 'vpc',
    publicIpv4Pool: 'amazon',
    networkBorderGroup: region,
    tagSet: tagSet(address.tags),
    ...(association !== null && {
      associationId: association.associationId,
      networkInterfaceId: association.networkInterfaceId,
      networkInterfaceOwnerId: ACCOUNT_ID,
      privateIpAddress: association.privateIp,
      ...(holder?.instanceId != null && { instanceId: holder.instanceId }),
    }),
  };
}

export function instanceStatusXml(instance: Instance): Xml {
  const running = instance.state === 'running';
  const status = running ? instance.statusChecks : 'not-applicable';
  const passed = { ok: 'passed', impaired: 'failed', initializing: 'initializing' }[instance.statusChecks];
  const checks = { status, ...(running && { details: [{ name: 'reachability', status: passed }] }) };
  return {
    instanceId: instance.instanceId,
    availabilityZone: instance.availabilityZone,
    instanceState: stateXml(instance.state),
    systemStatus: checks,
    instanceStatus: checks,
    eventsSet: instance.scheduledEvents.map((event) => ({
      code: event.code,
      description: event.description,
      notBefore: new Date(event.notBeforeMs).toISOString(),
    })),
  };
}

function associationXml(view: CloudView, networkInterfaceId: string, privateIp: string): Xml | undefined {
  const address = addressOn(view, networkInterfaceId, privateIp);
  if (address?.association == null) return undefined;
  return {
    publicIp: address.publicIp,
    ipOwnerId: ACCOUNT_ID,
    allocationId: address.allocationId,
    associationId: address.association.associationId,
  };
}

export function networkInterfaceXml(view: CloudView, networkInterface: NetworkInterface): Xml {
  const { networkInterfaceId, instanceId, privateIps } = networkInterface;
  const primary = privateIps[0] ?? '';
  return {
    networkInterfaceId,
    subnetId: SUBNET_ID,
    vpcId: VPC_ID,
    availabilityZone: networkInterface.availabilityZone,
    ownerId: ACCOUNT_ID,
    status: instanceId === null ? 'available' : 'in-use',
    macAddress: networkInterface.macAddress,
    privateIpAddress: primary,
    interfaceType: 'interface',
    association: associationXml(view, networkInterfaceId, primary),
    ...(instanceId !== null && {
      attachment: {
        attachmentId: networkInterfaceId.replace('eni-', 'eni-attach-'),
        instanceId,
        instanceOwnerId: ACCOUNT_ID,
        deviceIndex: networkInterface.deviceIndex,
        status: 'attached',
      },
    }),
    privateIpAddressesSet: privateIps.map((privateIpAddress) => ({
      privateIpAddress,
      primary: privateIpAddress === primary,
      association: associationXml(view, networkInterfaceId, privateIpAddress),
    })),
  };
}

export function instanceXml(view: CloudView, instance: Instance): Xml {
  const interfaces = interfacesOf(view, instance.instanceId);
  const [first] = interfaces;
  const privateIp = first?.privateIps[0];
  const publicIp =
    first && privateIp ? addressOn(view, first.networkInterfaceId, privateIp)?.publicIp : undefined;
  return {
    instanceId: instance.instanceId,
    imageId: 'ami-0123456789abcdef0',
    instanceType: 't4g.micro',
    instanceState: stateXml(instance.state),
    launchTime: new Date(instance.launchedAtMs).toISOString(),
    placement: { availabilityZone: instance.availabilityZone, tenancy: 'default' },
    privateIpAddress: privateIp,
    ipAddress: publicIp,
    ...(first && { subnetId: SUBNET_ID, vpcId: VPC_ID }),
    tagSet: tagSet(instance.tags),
    networkInterfaceSet: interfaces.map((networkInterface) => networkInterfaceXml(view, networkInterface)),
  };
}
