import { ApiError } from './api-error.ts';
import { type CloudView, interfacesOf, type NetworkInterface } from './cloud-model.ts';

export interface AssociateRequest {
  readonly allocationId: string;
  /** One of the two must be given. */
  readonly networkInterfaceId?: string | undefined;
  readonly instanceId?: string | undefined;
  /** The interface's primary one when left out. */
  readonly privateIp?: string | undefined;
  /** Left out means true, as on AWS: whoever has it loses it. */
  readonly allowReassociation?: boolean | undefined;
}

/**
 * The place that an AssociateAddress names. Throws ApiError when it does not exist or when naming the instance
 * does not single out one interface.
 */
export function associationTarget(
  view: CloudView,
  request: AssociateRequest,
): { networkInterfaceId: string; privateIp: string } {
  const networkInterface = targetInterface(view, request);
  const privateIp = request.privateIp ?? networkInterface.privateIps[0] ?? '';
  if (!networkInterface.privateIps.includes(privateIp)) {
    throw new ApiError(
      'InvalidParameterValue',
      `Value (${privateIp}) for parameter privateIpAddress is invalid: it is not on ${networkInterface.networkInterfaceId}`,
    );
  }
  return { networkInterfaceId: networkInterface.networkInterfaceId, privateIp };
}

function targetInterface(
  view: CloudView,
  { networkInterfaceId, instanceId }: AssociateRequest,
): NetworkInterface {
  if (networkInterfaceId !== undefined) {
    const found = view.interfaces.get(networkInterfaceId);
    if (found !== undefined) return found;
    throw new ApiError(
      'InvalidNetworkInterfaceID.NotFound',
      `The networkInterface ID '${networkInterfaceId}' does not exist`,
    );
  }
  if (instanceId === undefined) {
    throw new ApiError('MissingParameter', 'Either instance ID or network interface id must be specified');
  }
  if (!view.instances.has(instanceId)) {
    throw new ApiError('InvalidInstanceID.NotFound', `The instance ID '${instanceId}' does not exist`);
  }
  const [only, ...more] = interfacesOf(view, instanceId);
  if (only !== undefined && more.length === 0) return only;
  throw new ApiError(
    'InvalidInstanceID',
    only === undefined
      ? `The instance '${instanceId}' is not in a valid state for this operation.`
      : `There are multiple interfaces attached to instance '${instanceId}'. Please specify an interface ID for the operation instead.`,
  );
}
