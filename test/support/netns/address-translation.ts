import { PUBLIC_ADDRESS } from './address-plan.ts';
import { CommandError, command } from './command.ts';
import { inNamespace, nft } from './namespace.ts';
import type { Topology } from './topology.ts';

/** What the internet gateway does with an Elastic IP: the public address goes to one private address, or to nobody. */
export interface AddressTranslation {
  /** Connections that begin from now on go there. Established ones stay where they are, as on EC2 for a while. */
  pointTo(privateAddress: string | null): Promise<void>;
  /** Established connections to this private address are forgotten: their next packet goes to the new holder. */
  forgetConnectionsTo(privateAddress: string): Promise<void>;
}

export async function createAddressTranslation(topology: Topology): Promise<AddressTranslation> {
  const { router } = topology;
  await nft(
    router,
    `table ip elastic {
       map holder { type ipv4_addr : ipv4_addr; }
       chain inbound {
         type nat hook prerouting priority dstnat; policy accept;
         dnat to ip daddr map @holder
       }
       chain unheld {
         type filter hook forward priority filter; policy accept;
         ip daddr ${PUBLIC_ADDRESS} drop
       }
     }
    `,
  );
  return {
    pointTo: async (privateAddress) => {
      const element =
        privateAddress === null
          ? ''
          : `add element ip elastic holder { ${PUBLIC_ADDRESS} : ${privateAddress} }\n`;
      await nft(router, `flush map ip elastic holder\n${element}`);
    },
    forgetConnectionsTo: async (privateAddress) => {
      const tuple = ['--orig-dst', PUBLIC_ADDRESS, '--reply-src', privateAddress];
      try {
        await command('ip', inNamespace(router, 'conntrack', '-D', ...tuple));
      } catch (error) {
        // conntrack exits 1 when there was nothing to delete.
        if (!(error instanceof CommandError && error.message.includes('0 flow entries'))) throw error;
      }
    },
  };
}
