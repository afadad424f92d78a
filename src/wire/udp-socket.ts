import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { UdpAddress } from './transport.ts';
import { TransportError } from './transport-error.ts';

/** Datagrams that wait in this process because the kernel takes no more; heartbeats that old help nobody. */
const MAX_QUEUED = 64;

export interface UdpSocketHandlers {
  onDatagram(bytes: Uint8Array, from: RemoteInfo): void;
  /** `code` is the system's, or `queue-full`. */
  onSendFailure(code: string): void;
}

/** One bound socket: the local end of one path. */
export class UdpSocket {
  readonly #local: UdpAddress;
  readonly #handlers: UdpSocketHandlers;
  #socket: Socket | null = null;

  constructor(local: UdpAddress, handlers: UdpSocketHandlers) {
    this.#local = local;
    this.#handlers = handlers;
  }

  /** Rejects with TransportError. */
  async open(): Promise<void> {
    const socket = createSocket({
      type: isIPv6(this.#local.address) ? 'udp6' : 'udp4',
      // Only addresses are ever sent to; the default would ask the resolver's thread pool for each datagram.
      lookup: (address, family, callback) => callback(null, address, Number(family)),
    });
    this.#socket = socket;
    socket.on('message', (bytes, from) => this.#handlers.onDatagram(bytes, from));
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) => reject(new TransportError(this.#local, error)));
      socket.once('close', () => reject(new TransportError(this.#local, new Error('closed meanwhile'))));
      socket.bind({ ...this.#local, exclusive: true }, resolve);
    }).catch(async (error: unknown) => {
      await this.close();
      throw error;
    });
    socket.removeAllListeners('error').removeAllListeners('close');
    socket.on('error', (error) => this.#handlers.onSendFailure(codeOf(error)));
  }

  /** Never throws. */
  send(bytes: Uint8Array, to: UdpAddress): void {
    const socket = this.#socket;
    if (socket === null) return;
    if (socket.getSendQueueCount() >= MAX_QUEUED) {
      this.#handlers.onSendFailure('queue-full');
      return;
    }
    try {
      socket.send(bytes, to.port, to.address, (error) => {
        if (error) this.#handlers.onSendFailure(codeOf(error));
      });
    } catch (error) {
      this.#handlers.onSendFailure(codeOf(error));
    }
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null) await new Promise<void>((resolve) => socket.close(resolve));
  }
}

function codeOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  return typeof code === 'string' ? code : 'UNKNOWN';
}
