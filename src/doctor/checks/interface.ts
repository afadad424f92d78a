import { EXIT } from '../../control/exit-codes.ts';
import { describeOccupants, placesOf, strangerOn } from '../../runtime/occupied-places.ts';
import { type Check, type Finding, failure, needs, ok } from '../check.ts';
import { callFailure } from '../explain-error.ts';

const CALL_TIMEOUT_MS = 5_000;

/** An Elastic IP that is on the target's private address already would be pushed off by a takeover. */
export const targetInterface: Check = {
  name: 'interface',
  async look(context, signal) {
    const clients = await needs('the configuration or the metadata', context.clients());
    const places = placesOf(await needs('its place among the nodes', context.cloudGroups()));
    if (places.length === 0) return [ok('no Elastic IP goes to it')];
    const occupants = await describeOccupants(clients, places, { signal, deadlineMs: CALL_TIMEOUT_MS });
    if ('type' in occupants) return [callFailure(occupants, 'the role needs ec2:DescribeAddresses')];
    return places.map((place): Finding => {
      const { group, networkInterfaceId, privateAddress } = place;
      const stranger = strangerOn(place, occupants);
      if (stranger === '') return ok(`${group}: ${privateAddress} on ${networkInterfaceId} is free for it`);
      return failure(
        `${group}: ${privateAddress} on ${networkInterfaceId} has the Elastic IP ${stranger} already, which a takeover would push off`,
        'give the interface another private address and name it in privateAddress, or free that Elastic IP',
        EXIT.misconfigured,
      );
    });
  },
};
