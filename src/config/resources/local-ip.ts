import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { exclusiveSchema } from './common.ts';

const ipv4 = z.string().refine(isIPv4, 'must be an IPv4 address, like 192.168.7.50');

export const localIpSchema = z
  .strictObject({
    address: ipv4.describe('The address.'),
    prefix: z
      .int()
      .min(1)
      .max(32)
      .describe('The length of its network, like 24. This or `netmask`.')
      .optional(),
    netmask: ipv4
      .refine((mask) => !isIPv4(mask) || prefixOf(mask) !== null, 'is no netmask, like 255.255.255.0')
      .describe('The same as a mask. Default: that of the network on the interface.')
      .optional(),
    interface: z
      .string()
      .regex(/^[^\s/:]{1,15}$/, 'must be the name of an interface, like eth1')
      .describe('Default: the one that has an address in the same network.')
      .optional(),
    broadcast: ipv4.describe('Default: none is set.').optional(),
    announce: z
      .int()
      .min(0)
      .max(60)
      .default(5)
      .describe(
        'How many gratuitous ARP packets tell the neighbours, one a second. Needs the arping of iputils.',
      ),
    probe: z
      .boolean()
      .default(false)
      .describe(
        'Whether to ask the network first, which takes a second, and not to start while somebody answers.',
      ),
    exclusive: exclusiveSchema.default(true),
  })
  .superRefine(({ prefix, netmask }, context) => {
    if (prefix !== undefined && netmask !== undefined)
      context.addIssue({ code: 'custom', message: 'has both prefix and netmask: they say the same' });
  })
  .transform(({ address, prefix, netmask, broadcast, announce, probe, exclusive, ...rest }) => ({
    address,
    prefix: prefix ?? (netmask === undefined ? null : prefixOf(netmask)),
    interface: rest.interface ?? null,
    broadcast: broadcast ?? null,
    announce,
    probe,
    exclusive,
  }));
export type LocalIpParameters = z.output<typeof localIpSchema>;

/** 24 for 255.255.255.0; null when the ones are not in a row, or there are none. */
function prefixOf(mask: string): number | null {
  const bits = mask
    .split('.')
    .map((byte) => Number(byte).toString(2).padStart(8, '0'))
    .join('');
  return /^1+0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : null;
}
