import { DescribeAddressesCommand } from '@aws-sdk/client-ec2';
import { EXIT } from '../../control/exit-codes.ts';
import { type Check, type Finding, failure, needs, ok } from '../check.ts';
import { callFailure } from '../explain-error.ts';
import { elasticIps } from './address.ts';

const CALL_TIMEOUT_MS = 5_000;

interface Place {
  readonly group: string;
  readonly networkInterfaceId: string;
  readonly privateAddress: string;
  /** Of the address that goes there, by allocation or public address. */
  readonly name: string;
}

/** An Elastic IP that is on the target's private address already would be pushed off by a takeover. */
export const targetInterface: Check = {
  name: 'interface',
  async look(context, signal) {
    const clients = await needs('the configuration or the metadata', context.clients());
    const groups = await needs('its place among the nodes', context.cloudGroups());
    const places = [...groups].flatMap(([group, planned]) =>
      elasticIps(planned).map(({ id, target }): Place => {
        const name = id.kind === 'allocation' ? id.allocationId : id.publicAddress;
        return { group, ...target, name };
      }),
    );
    const ids = [...new Set(places.map(({ networkInterfaceId }) => networkInterfaceId))];
    if (ids.length === 0) return [ok('no Elastic IP goes to it')];
    const command = new DescribeAddressesCommand({
      Filters: [{ Name: 'network-interface-id', Values: ids }],
    });
    const outcome = await clients.call(
      { operation: 'EC2 DescribeAddresses', service: 'ec2', kind: 'read' },
      { signal, deadlineMs: CALL_TIMEOUT_MS },
      (options) => clients.ec2.send(command, options),
    );
    if (outcome.status === 'failed')
      return [callFailure(outcome.result, 'the role needs ec2:DescribeAddresses')];
    return places.map((place): Finding => {
      const { group, networkInterfaceId, privateAddress, name } = place;
      const there = (outcome.answer.Addresses ?? []).filter(
        (found) =>
          found.NetworkInterfaceId === networkInterfaceId && found.PrivateIpAddress === privateAddress,
      );
      const other = there.find(({ AllocationId, PublicIp }) => name !== AllocationId && name !== PublicIp);
      if (other === undefined)
        return ok(`${group}: ${privateAddress} on ${networkInterfaceId} is free for it`);
      return failure(
        `${group}: ${privateAddress} on ${networkInterfaceId} has the Elastic IP ${other.PublicIp} already, which a takeover would push off`,
        'give the interface another private address and name it in privateAddress, or free that Elastic IP',
        EXIT.misconfigured,
      );
    });
  },
};
