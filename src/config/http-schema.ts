import { isIP } from 'node:net';
import { z } from 'zod';

/** The read-only page, the checks of load balancers and the metrics: docs/http.md. */

const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/;

const hostNameSchema = z
  .string()
  .max(253)
  .regex(HOST_NAME, 'must be a host name without a port, like status.example.net');

const listenAddressSchema = z
  .string({ error: 'must be an IP address, or node' })
  .refine(
    (text) => text === 'node' || isIP(text) !== 0,
    'must be an IP address, or "node" for the first address of each node',
  );

const DEFAULT_ADDRESS = '127.0.0.1';
const DEFAULT_PORT = 9694;

export const httpServerSchema = z
  .union(
    [
      z.enum(['on', 'off']),
      z.boolean(),
      z.strictObject({
        address: listenAddressSchema
          .default(DEFAULT_ADDRESS)
          .describe(
            'Where to listen. `node`: at the first address of each node, for load balancers and Prometheus. Nobody is asked for a password.',
          ),
        port: z.int().min(1).max(65_535).default(DEFAULT_PORT).describe('The TCP port.'),
        hosts: z
          .array(hostNameSchema, { error: 'must be a list of host names' })
          .max(16, 'has more than 16 entries')
          .default([])
          .describe(
            'Names by which browsers may ask, besides addresses, localhost and the names of the nodes.',
          ),
      }),
    ],
    { error: 'must be off or { address: 127.0.0.1, port: 9694 }' },
  )
  .transform((value): HttpSettings | null => {
    if (typeof value === 'object') return value;
    const isOff = value === 'off' || value === false;
    return isOff ? null : { address: DEFAULT_ADDRESS, port: DEFAULT_PORT, hosts: [] };
  });

export interface HttpSettings {
  /** An IP address, or "node" for the first address of the node that runs. */
  readonly address: string;
  readonly port: number;
  readonly hosts: readonly string[];
}
