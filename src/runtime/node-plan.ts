import type { Configuration } from '../config/configuration.ts';
import type { SessionTimings } from '../wire/session-contract.ts';
import type { PeerAddresses, UdpAddress } from '../wire/transport.ts';

/** What the parts of the shell need of the configuration. Pure: reads and opens nothing. */

export function peerAddresses({ file }: Configuration): PeerAddresses {
  return Object.fromEntries(
    Object.entries(file.nodes).map(([name, node]) => {
      const port = node.port ?? file.port;
      return [name, node.addresses.map((address): UdpAddress => ({ address, port }))];
    }),
  );
}

export function sessionTimings({ timings }: Configuration): SessionTimings {
  const deadtimes = Object.values(timings.groups).map((group) => group.deadtimeMs);
  return { keepaliveMs: timings.keepaliveMs, deadtimeMs: Math.max(...deadtimes) };
}
