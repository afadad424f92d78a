import { isIPv4 } from 'node:net';
import { z } from 'zod';

const publicIpv4 = z.string().refine(isIPv4, 'must be an IPv4 address, like 203.0.113.10');

export const elasticIpSchema = z
  .strictObject({
    allocationId: z
      .string()
      .regex(/^eipalloc-[0-9a-f]+$/, 'must look like eipalloc-0123456789abcdef0')
      .describe('The allocation of the Elastic IP. This or `publicIp`.')
      .optional(),
    publicIp: publicIpv4
      .describe('The address itself; its allocation is looked up at start. This or `allocationId`.')
      .optional(),
    privateAddress: z
      .union([publicIpv4, z.record(z.string(), publicIpv4)], {
        error: 'must be a private address, or one for each node: { main: 10.0.0.11, aux: 10.0.0.12 }',
      })
      .describe(
        "The private address to associate it with, for all nodes or by node. Default: the node's first `address`.",
      )
      .optional(),
  })
  .superRefine((value, context) => {
    if ((value.allocationId === undefined) === (value.publicIp === undefined)) {
      context.addIssue({ code: 'custom', message: 'needs allocationId or publicIp, exactly one of the two' });
    }
  })
  .transform(({ allocationId, publicIp, privateAddress }) => ({
    allocationId: allocationId ?? null,
    publicIp: publicIp ?? null,
    privateAddress: privateAddress ?? null,
  }));
export type ElasticIpParameters = z.output<typeof elasticIpSchema>;
