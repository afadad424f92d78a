import { DescribeAddressesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { AddressTranslation } from './address-translation.ts';
import { monotonicMs } from './monotonic.ts';

export interface FollowedInterface {
  readonly networkInterfaceId: string;
  readonly privateIp: string;
  /** Dead or cut off: its established connections are broken anyway, and move with the address. */
  isLost(): Promise<boolean>;
}

export interface AddressFollower {
  /** Reads LocalStack's association and points the router there. The proxy calls it after each move. */
  follow(): Promise<void>;
  /** The interface that had it at the last look. */
  readonly holder: string | null;
  /** How often it went from one place to another, for "nothing moved" tests. */
  readonly moves: number;
  /** When the router last pointed somewhere else, as `monotonicMs()`; 0 before it ever did. */
  readonly movedMs: number;
}

export function createAddressFollower(options: {
  /** Straight to LocalStack: what the daemons' calls suffer must not delay the network. */
  readonly ec2: EC2Client;
  readonly allocationId: string;
  readonly translation: AddressTranslation;
  readonly interfaces: readonly FollowedInterface[];
}): AddressFollower {
  let holder: string | null = null;
  let moves = 0;
  let movedMs = 0;
  return {
    get holder() {
      return holder;
    },
    get moves() {
      return moves;
    },
    get movedMs() {
      return movedMs;
    },
    follow: async () => {
      const { Addresses: addresses } = await options.ec2.send(
        new DescribeAddressesCommand({ AllocationIds: [options.allocationId] }),
      );
      // LocalStack describes a free address with an empty interface.
      const next = addresses?.[0]?.NetworkInterfaceId || null;
      if (next === holder) return;
      const find = (id: string | null) => options.interfaces.find((card) => card.networkInterfaceId === id);
      const previous = find(holder);
      // Counted before the router follows: whoever is answered by the new holder must find the move counted.
      holder = next;
      moves += 1;
      await options.translation.pointTo(find(next)?.privateIp ?? null);
      movedMs = monotonicMs();
      if (previous !== undefined && (await previous.isLost())) {
        await options.translation.forgetConnectionsTo(previous.privateIp);
      }
    },
  };
}
