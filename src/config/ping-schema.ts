import { isIP } from 'node:net';
import { z } from 'zod';
import { endpointSchema } from './endpoint-schema.ts';

const addressSchema = z
  .string()
  .refine((text) => isIP(text) !== 0, 'must be an IP address: a name would make this a question to DNS');

export const pingNodeSchema = z
  .strictObject({
    icmp: addressSchema.describe('Answers an echo request; asked by the program `ping`.').optional(),
    tcp: endpointSchema.describe('Takes a connection.').optional(),
    http: z
      .url({ protocol: /^https?$/, error: 'must be a URL, like http://10.0.0.3/' })
      .describe('Answers a GET, with whatever status.')
      .optional(),
  })
  .transform((value, context): PingNode => {
    const given: PingNode[] = [];
    if (value.icmp !== undefined) given.push({ kind: 'icmp', address: value.icmp });
    if (value.tcp !== undefined) given.push({ kind: 'tcp', ...value.tcp });
    if (value.http !== undefined) given.push({ kind: 'http', url: value.http });
    const [only, second] = given;
    if (only !== undefined && second === undefined) return only;
    context.addIssue({ code: 'custom', message: 'needs exactly one of icmp, tcp and http' });
    return z.NEVER;
  });

/** Somebody outside the cluster whose answer shows that a node has a way out. */
export type PingNode =
  | { readonly kind: 'icmp'; readonly address: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'http'; readonly url: string };
