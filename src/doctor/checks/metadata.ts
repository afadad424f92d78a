import { ImdsError } from '../../cloud/imds.ts';
import { EXIT } from '../../control/exit-codes.ts';
import { type Check, failure, ok } from '../check.ts';

export const metadata: Check = {
  name: 'metadata',
  async look(context) {
    try {
      const { instanceId, availabilityZone, privateAddress, networkInterfaceId } = (await context.machine())
        .identity;
      return [ok(`${instanceId} in ${availabilityZone}, ${privateAddress} on ${networkInterfaceId}`)];
    } catch (error) {
      if (!(error instanceof ImdsError)) throw error;
      return [
        failure(
          error.message,
          'nothing can be known of this instance without its metadata: look at its metadata options',
          EXIT.unavailable,
        ),
      ];
    }
  },
};
