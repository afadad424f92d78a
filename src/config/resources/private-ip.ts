import { isIPv4 } from 'node:net';
import { z } from 'zod';

const privateIpv4 = z.string().refine(isIPv4, 'must be a private IPv4 address, like 10.0.0.50');

export const privateIpSchema = z
  .strictObject({
    address: privateIpv4.describe(
      'The secondary private address, of the subnet of the interfaces between which it moves.',
    ),
    interfaceAddress: z
      .record(z.string(), privateIpv4, {
        error: 'must be an address for each node: { main: 10.0.0.11, aux: 10.0.0.12 }',
      })
      .describe(
        "Which network interface it goes to, by a private address that is always there, by node. Default: the interface of the node's first `address`.",
      )
      .optional(),
    configure: z
      .boolean()
      .default(false)
      .describe(
        'Whether eipkeeper also gives it to the operating system, as /32. Leave it where the system follows the metadata service by itself, as Amazon Linux does.',
      ),
  })
  .transform(({ address, interfaceAddress, configure }) => ({
    address,
    interfaceAddress: interfaceAddress ?? null,
    configure,
  }));
export type PrivateIpParameters = z.output<typeof privateIpSchema>;
