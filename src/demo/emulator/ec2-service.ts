import { randomUUID } from 'node:crypto';
import { ApiError } from './api-error.ts';
import type { CloudView, ElasticAddress, Instance, NetworkInterface } from './cloud-model.ts';
import { type CloudState, dryRunSucceeded } from './cloud-state.ts';
import { addressXml, instanceStatusXml, instanceXml, networkInterfaceXml, SUBNET_ID } from './ec2-shapes.ts';
import type { QueryParameters } from './query-parameters.ts';
import { toXml, type XmlValue } from './xml.ts';

const NAMESPACE = 'http://ec2.amazonaws.com/doc/2016-11-15/';

type Members = Readonly<Record<string, XmlValue | undefined>>;
/** How a filter reads the thing it filters; undefined never matches. */
type FilterReaders<T> = Readonly<Record<string, (thing: T) => string | readonly string[] | undefined>>;

interface Context {
  readonly parameters: QueryParameters;
  readonly view: CloudView;
}

/** The EC2 calls that the emulator answers, over the account's state. */
export class Ec2Service {
  readonly #state: CloudState;
  readonly #region: string;
  readonly #calls: Readonly<Record<string, (context: Context) => Members>> = {
    DescribeAddresses: (context) => this.#describeAddresses(context),
    DescribeInstances: (context) => this.#describeInstances(context),
    DescribeInstanceStatus: (context) => this.#describeInstanceStatus(context),
    DescribeNetworkInterfaces: (context) => this.#describeNetworkInterfaces(context),
    AllocateAddress: (context) => this.#allocateAddress(context),
    AssociateAddress: (context) => this.#associateAddress(context),
    DisassociateAddress: (context) => this.#disassociateAddress(context),
    AssignPrivateIpAddresses: (context) => this.#assignPrivateIps(context),
    UnassignPrivateIpAddresses: (context) => this.#unassignPrivateIps(context),
  };

  constructor(state: CloudState, region: string) {
    this.#state = state;
    this.#region = region;
  }

  /** The XML of the answer. Throws ApiError. `staleMs` ages what the describes see. */
  perform(call: string, parameters: QueryParameters, staleMs: number): string {
    const handler = Object.hasOwn(this.#calls, call) ? this.#calls[call] : undefined;
    if (handler === undefined) {
      throw new ApiError('InvalidAction', `The action ${call} is not valid for this web service.`);
    }
    if (call.startsWith('Describe') && parameters.flag('DryRun') === true) throw dryRunSucceeded();
    const members = handler({ parameters, view: this.#state.view(staleMs) });
    return toXml(`${call}Response`, NAMESPACE, { requestId: randomUUID(), ...members } as XmlValue);
  }

  #describeAddresses({ parameters, view }: Context): Members {
    const all = [...view.addresses.values()];
    const byId = named(parameters.list('AllocationId'), all, (address) => address.allocationId, {
      code: 'InvalidAllocationID.NotFound',
      what: 'allocation ID',
    });
    const chosen = named(parameters.list('PublicIp'), byId, (address) => address.publicIp, {
      code: 'InvalidAddress.NotFound',
      what: 'address',
    });
    const found = filtered(parameters, chosen, addressFilters(view));
    return { addressesSet: found.map((address) => addressXml(view, address, this.#region) as XmlValue) };
  }

  #describeInstances({ parameters, view }: Context): Members {
    const found = filtered(parameters, instancesNamed(parameters, view), INSTANCE_FILTERS);
    return {
      reservationSet: found.map((instance) => ({
        reservationId: instance.instanceId.replace('i-', 'r-'),
        instancesSet: [instanceXml(view, instance) as XmlValue],
      })),
    };
  }

  #describeInstanceStatus({ parameters, view }: Context): Members {
    const all = parameters.flag('IncludeAllInstances') === true;
    const found = filtered(parameters, instancesNamed(parameters, view), INSTANCE_FILTERS).filter(
      (instance) => all || instance.state === 'running',
    );
    return { instanceStatusSet: found.map((instance) => instanceStatusXml(instance) as XmlValue) };
  }

  #describeNetworkInterfaces({ parameters, view }: Context): Members {
    const chosen = named(
      parameters.list('NetworkInterfaceId'),
      [...view.interfaces.values()],
      (networkInterface) => networkInterface.networkInterfaceId,
      { code: 'InvalidNetworkInterfaceID.NotFound', what: 'networkInterface ID' },
    );
    const found = filtered(parameters, chosen, INTERFACE_FILTERS);
    return { networkInterfaceSet: found.map((one) => networkInterfaceXml(view, one) as XmlValue) };
  }

  #allocateAddress({ parameters }: Context): Members {
    if (parameters.flag('DryRun') === true) throw dryRunSucceeded();
    const { publicIp, allocationId } = this.#state.allocate({ tags: parameters.tags() });
    return {
      publicIp,
      allocationId,
      domain: 'vpc',
      publicIpv4Pool: 'amazon',
      networkBorderGroup: this.#region,
    };
  }

  #associateAddress({ parameters }: Context): Members {
    const { associationId } = this.#state.associate(
      {
        allocationId: this.#allocationOf(parameters),
        networkInterfaceId: parameters.text('NetworkInterfaceId'),
        instanceId: parameters.text('InstanceId'),
        privateIp: parameters.text('PrivateIpAddress'),
        allowReassociation: parameters.flag('AllowReassociation'),
      },
      { dryRun: parameters.flag('DryRun') === true },
    );
    return { return: true, associationId };
  }

  #disassociateAddress({ parameters }: Context): Members {
    const associationId = parameters.text('AssociationId');
    if (associationId === undefined) {
      throw new ApiError(
        'InvalidParameterValue',
        'You must specify an association id when unmapping an address from a VPC instance',
      );
    }
    this.#state.disassociate(associationId, { dryRun: parameters.flag('DryRun') === true });
    return { return: true };
  }

  #assignPrivateIps({ parameters }: Context): Members {
    const networkInterfaceId = parameters.required('NetworkInterfaceId');
    const privateIps = parameters.list('PrivateIpAddress');
    const allowReassignment = parameters.flag('AllowReassignment') === true;
    const dryRun = parameters.flag('DryRun') === true;
    this.#state.assignPrivateIps({ networkInterfaceId, privateIps, allowReassignment }, { dryRun });
    const assignedPrivateIpAddressesSet = privateIps.map((privateIpAddress) => ({ privateIpAddress }));
    return { networkInterfaceId, assignedPrivateIpAddressesSet };
  }

  #unassignPrivateIps({ parameters }: Context): Members {
    const networkInterfaceId = parameters.required('NetworkInterfaceId');
    const dryRun = parameters.flag('DryRun') === true;
    this.#state.unassignPrivateIps(networkInterfaceId, parameters.list('PrivateIpAddress'), { dryRun });
    return { return: true };
  }

  #allocationOf(parameters: QueryParameters): string {
    const publicIp = parameters.text('PublicIp');
    if (publicIp === undefined) return parameters.required('AllocationId');
    const found = [...this.#state.view().addresses.values()].find((address) => address.publicIp === publicIp);
    if (found !== undefined) return found.allocationId;
    throw new ApiError('InvalidAddress.NotFound', `The address '${publicIp}' does not exist.`);
  }
}

/** EC2's shape of an error, which differs from that of the other Query services. */
export const ec2ErrorXml = (error: ApiError): string =>
  toXml('Response', '', {
    Errors: { Error: { Code: error.code, Message: error.message } },
    RequestID: randomUUID(),
  });

/** All things when no ids are given; else those, and an error for one that does not exist. */
function named<T>(
  ids: readonly string[],
  things: readonly T[],
  idOf: (thing: T) => string,
  absent: { readonly code: string; readonly what: string },
): readonly T[] {
  if (ids.length === 0) return things;
  return ids.map((id) => {
    const found = things.find((thing) => idOf(thing) === id);
    if (found !== undefined) return found;
    throw new ApiError(absent.code, `The ${absent.what} '${id}' does not exist`);
  });
}

function filtered<T extends object>(
  parameters: QueryParameters,
  things: readonly T[],
  readers: FilterReaders<T>,
): readonly T[] {
  return parameters.filters().reduce((left, { name, values }) => {
    const reader = readers[name] ?? tagReader<T>(name);
    return left.filter((thing) => [reader(thing) ?? ''].flat().some((value) => values.includes(value)));
  }, things);
}

function tagReader<T extends object>(filter: string): (thing: T) => string | undefined {
  const [kind, key] = filter.split(/:(.*)/s);
  if (kind !== 'tag' || key === undefined) {
    throw new ApiError('InvalidParameterValue', `The filter '${filter}' is invalid`);
  }
  return (thing) => (thing as { tags?: Readonly<Record<string, string>> }).tags?.[key];
}

const instancesNamed = (parameters: QueryParameters, view: CloudView): readonly Instance[] =>
  named(parameters.list('InstanceId'), [...view.instances.values()], (instance) => instance.instanceId, {
    code: 'InvalidInstanceID.NotFound',
    what: 'instance ID',
  });

const INSTANCE_FILTERS: FilterReaders<Instance> = {
  'instance-id': (instance) => instance.instanceId,
  'instance-state-name': (instance) => instance.state,
  'availability-zone': (instance) => instance.availabilityZone,
};

const INTERFACE_FILTERS: FilterReaders<NetworkInterface> = {
  'network-interface-id': (one) => one.networkInterfaceId,
  'attachment.instance-id': (one) => one.instanceId ?? undefined,
  'mac-address': (one) => one.macAddress,
  'private-ip-address': (one) => one.privateIps[0],
  'addresses.private-ip-address': (one) => one.privateIps,
  'subnet-id': () => SUBNET_ID,
};

const addressFilters = (view: CloudView): FilterReaders<ElasticAddress> => ({
  'allocation-id': (address) => address.allocationId,
  'public-ip': (address) => address.publicIp,
  'association-id': (address) => address.association?.associationId,
  'network-interface-id': (address) => address.association?.networkInterfaceId,
  'private-ip-address': (address) => address.association?.privateIp,
  'instance-id': ({ association }) =>
    (association && view.interfaces.get(association.networkInterfaceId)?.instanceId) ?? undefined,
  domain: () => 'vpc',
});
