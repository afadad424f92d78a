import { join } from 'node:path';
import type { AddressFollower } from './address-follower.ts';
import { type ApiProxy, type ApiProxyOptions, startApiProxy } from './api-proxy.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { type MetadataServer, startMetadataServer } from './metadata-server.ts';
import { REGION, type TestInstance } from './test-account.ts';
import type { Topology } from './topology.ts';

export interface VpcServicesOptions {
  readonly topology: Topology;
  /** LocalStack's. */
  readonly endpoint: string;
  /** In the order of the topology's nodes. */
  readonly instances: readonly (TestInstance & { readonly userData?: string })[];
  /** Follows each change of an association. */
  readonly address: AddressFollower;
  readonly delays: ApiProxyOptions['delays'];
  readonly onLateness?: NonNullable<ApiProxyOptions['onLateness']>;
  /** As of the metadata server. */
  readonly tokens?: 'optional';
}

/** What an instance asks of AWS, as its nodes reach it. */
export interface VpcServices {
  readonly api: ApiProxy;
  /** Where the proxy in front of LocalStack listens. */
  readonly apiSocket: string;
  readonly metadata: MetadataServer;
  readonly gateway: Gateway;
}

/** EC2, SSM and metadata for the nodes of a topology; they end with `closers`. */
export async function startVpcServices(
  { topology, endpoint, instances, address, delays, onLateness, tokens }: VpcServicesOptions,
  closers: AsyncDisposableStack,
): Promise<VpcServices> {
  const sockets = {
    api: join(topology.directory, 'api.sock'),
    metadata: join(topology.directory, 'metadata.sock'),
  };
  const api = await startApiProxy({
    upstream: endpoint,
    region: REGION,
    socketPath: sockets.api,
    nodeNames: new Map(topology.nodes.flatMap((node) => node.addresses.map((source) => [source, node.name]))),
    delays,
    ...(onLateness && { onLateness }),
    onAddressChange: () => address.follow(),
  });
  closers.defer(() => api.close());
  const metadata = await startMetadataServer({
    socketPath: sockets.metadata,
    ...(tokens && { tokens }),
    instances: topology.nodes.map((node, index) => ({
      ...instances[index]!,
      region: REGION,
      mac: node.macs[0]!,
      sources: node.addresses,
    })),
  });
  closers.defer(() => metadata.close());
  const gateway = await startGateway(topology, sockets);
  closers.defer(() => gateway.close());
  return { api, apiSocket: sockets.api, metadata, gateway };
}
