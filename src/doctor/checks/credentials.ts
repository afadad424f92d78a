import { EXIT } from '../../control/exit-codes.ts';
import { type Check, failure, needs, ok, warning } from '../check.ts';

/** The chain renews five minutes before the end, and metadata hands out new ones well before that. */
const SOON_MS = 120_000;

export const credentials: Check = {
  name: 'credentials',
  async look(context) {
    const clients = await needs('the configuration or the metadata', context.clients());
    try {
      const { accessKeyId, expiration } = await clients.ssm.config.credentials();
      const leftMs = expiration === undefined ? Number.POSITIVE_INFINITY : expiration.getTime() - Date.now();
      if (leftMs < SOON_MS) {
        const text = `${accessKeyId} ends ${expiration?.toISOString()}, and no newer one is given out`;
        return [warning(text, 'look at the clock of this machine and at the role of the instance')];
      }
      const until = expiration === undefined ? 'without an end' : `until ${expiration.toISOString()}`;
      return [ok(`${accessKeyId}, ${until}`)];
    } catch (error) {
      return [
        failure(
          `there are none: ${(error as Error).message}`,
          'give the instance a role (an instance profile), or renew it if it has one',
          EXIT.noPermission,
        ),
      ];
    }
  },
};
