/**
 * A cable for heartbeats that can be cut without root: it stands between two daemons on loopback, and each
 * sees the other at a stand-in address. What is sent to B's stand-in goes on to B from A's stand-in, so that
 * a daemon which answers to the sender's address, or checks it, finds what its configuration says.
 * Datagrams are passed on unchanged and at once; a cut cable drops them without a word.
 */
import { createSocket, type Socket } from 'node:dgram';

export interface RelayEnd {
  readonly node: string;
  /** Where its daemon really listens. */
  readonly address: string;
  readonly port: number;
  /** Where the peer sends to; 127.0.0.1 and a port that the system chooses when left out. */
  readonly standIn?: { readonly address: string; readonly port: number };
}

export interface UdpRelayOptions {
  readonly ends: readonly [RelayEnd, RelayEnd];
  /** Whether a node is plugged in at all; when left out, always. */
  readonly isPluggedIn?: (node: string) => boolean;
}

export interface RelayCounts {
  readonly forwarded: number;
  readonly dropped: number;
}

interface Direction {
  readonly from: RelayEnd;
  readonly to: RelayEnd;
  isCut: boolean;
  forwarded: number;
  dropped: number;
}

export class UdpRelay {
  readonly #options: UdpRelayOptions;
  readonly #directions: readonly [Direction, Direction];
  /** By node: the socket that stands in for it. */
  readonly #standIns = new Map<string, Socket>();

  constructor(options: UdpRelayOptions) {
    const [one, other] = options.ends;
    const direction = (from: RelayEnd, to: RelayEnd): Direction => ({
      from,
      to,
      isCut: false,
      forwarded: 0,
      dropped: 0,
    });
    this.#options = options;
    this.#directions = [direction(one, other), direction(other, one)];
  }

  async start(): Promise<void> {
    for (const direction of this.#directions) {
      const socket = createSocket('udp4');
      this.#standIns.set(direction.to.node, socket);
      const { address = '127.0.0.1', port = 0 } = direction.to.standIn ?? {};
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind(port, address, resolve);
      });
      socket.removeAllListeners('error');
      // A datagram that cannot be passed on is lost, as on any cable.
      socket.on('error', () => {});
      socket.on('message', (datagram) => this.#forward(direction, datagram));
    }
  }

  async close(): Promise<void> {
    const sockets = [...this.#standIns.values()];
    this.#standIns.clear();
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
  }

  /** The address under which its peer has to know `node`; valid after start. */
  standInOf(node: string): { readonly address: string; readonly port: number } {
    const socket = this.#standIns.get(node);
    if (socket === undefined) throw new Error(`the relay has no end ${node}, or was not started`);
    const { address, port } = socket.address();
    return { address, port };
  }

  /** Cuts what `from` sends; both ways when left out. */
  cut(from?: string): void {
    for (const direction of this.#from(from)) direction.isCut = true;
  }

  /** Mends what `from` sends; both ways when left out. */
  mend(from?: string): void {
    for (const direction of this.#from(from)) direction.isCut = false;
  }

  /** Datagrams sent by `from` since the start. */
  countsOf(from: string): RelayCounts {
    const [{ forwarded, dropped } = { forwarded: 0, dropped: 0 }] = this.#from(from);
    return { forwarded, dropped };
  }

  #from(node: string | undefined): readonly Direction[] {
    const found = this.#directions.filter(({ from }) => node === undefined || from.node === node);
    if (found.length === 0) throw new Error(`the relay has no end ${node}`);
    return found;
  }

  #forward(direction: Direction, datagram: Buffer): void {
    const { from, to } = direction;
    const isPluggedIn = this.#options.isPluggedIn ?? (() => true);
    const socket = this.#standIns.get(from.node);
    if (socket === undefined || direction.isCut || !isPluggedIn(from.node) || !isPluggedIn(to.node)) {
      direction.dropped += 1;
      return;
    }
    direction.forwarded += 1;
    // With a callback a failed send is no 'error' event; what came of it, the receiver's timers will tell.
    socket.send(datagram, to.port, to.address, () => {});
  }
}
