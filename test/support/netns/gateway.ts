import { API_PORT, METADATA_ADDRESS, ROUTER_ADDRESS } from './address-plan.ts';
import { endHelper, helperIsReady, spawnHelper } from './helper-process.ts';
import type { Topology } from './topology.ts';

export interface Gateway {
  readonly pid: number;
  close(): Promise<void>;
}

/** Makes the API proxy and the metadata server, listening on Unix sockets, reachable from the nodes. */
export async function startGateway(
  topology: Topology,
  sockets: { readonly api: string; readonly metadata: string },
): Promise<Gateway> {
  const child = spawnHelper(topology.router, 'gateway-process.ts', [
    { host: ROUTER_ADDRESS, port: API_PORT, socketPath: sockets.api },
    { host: METADATA_ADDRESS, port: 80, socketPath: sockets.metadata },
  ]);
  await helperIsReady(child);
  return { pid: child.pid!, close: () => endHelper(child) };
}
