/**
 * Plays an Elastic IP: a TCP port on loopback whose connections end at whichever node has the address.
 *
 * As on EC2: nobody has the address, or who has it is dead or cut off: nothing answers, no reset, and a client
 * that waits is let through by a later SYN (after 1, 3, 7, 15, 31 and 63 s) when the address has come to a
 * living node. Nothing listens on a living node's port: reset. Established connections outlive a move of the
 * address for a while; after that the next bytes of the client are reset by the new holder.
 *
 * Unlike EC2: the kernel accepts for this program, so a client always sees its connection established and
 * must judge by the answer, never by the connect; and a refused connection shows as a reset. While a
 * connection waits or is cut off, up to 64 KB of the client's data are kept and its end is taken for good.
 * A node whose machine dies must be unplugged or stopped in the emulator *before* its processes are killed,
 * or the kernel resets its connections as for a mere crash of the program.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { CloudState } from './emulator/cloud-state.ts';
import { ForwardedFlow } from './forwarded-flow.ts';

const CONNECTIONS_MAX = 2_000;

export interface ForwarderOptions {
  readonly cloud: CloudState;
  /** The Elastic IP that is played. */
  readonly publicIp: string;
  /** Where the service listens on the private address of each node. */
  readonly targetPort: number;
  /** 127.0.0.1 and a port that the system chooses when left out. */
  readonly listen?: { readonly address: string; readonly port: number };
  /** How long established connections outlive a move of the address; 10 s when left out. */
  readonly establishedMs?: number;
  /** When a client's first SYN is sent again, the time doubling from there; 1 s as Linux does when left out. */
  readonly synRetryMs?: number;
}

export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #flows = new Set<ForwardedFlow>();
  #server: Server | null = null;
  #stopWatching: () => void = () => {};

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  /** Resolves with the port that plays the Elastic IP. */
  async start(): Promise<number> {
    const { cloud, listen = { address: '127.0.0.1', port: 0 } } = this.#options;
    const server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    server.maxConnections = CONNECTIONS_MAX;
    this.#server = server;
    this.#stopWatching = cloud.onChange(() => {
      for (const flow of this.#flows) flow.refresh();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(listen.port, listen.address, resolve);
    });
    return (server.address() as AddressInfo).port;
  }

  /** Resets every connection that is left. */
  async close(): Promise<void> {
    this.#stopWatching();
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const flow of this.#flows) flow.reset();
    await closed;
  }

  #accept(client: Socket): void {
    const { cloud, publicIp, targetPort, establishedMs = 10_000, synRetryMs = 1_000 } = this.#options;
    const flow = new ForwardedFlow({
      client,
      establishedMs,
      synRetryMs,
      holder: () => cloud.holderOf(publicIp),
      isReachable: (networkInterfaceId) => cloud.isReachable(networkInterfaceId),
      connectTo: (privateIp) => connect({ host: privateIp, port: targetPort, allowHalfOpen: true }),
      onEnd: () => this.#flows.delete(flow),
    });
    this.#flows.add(flow);
    flow.open();
  }
}
