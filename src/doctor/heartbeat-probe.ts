import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { HeartbeatKeys } from '../config/key.ts';
import type { Incarnation, NodeName } from '../core/types.ts';
import { Authenticator } from '../wire/authenticator.ts';
import { decodePacket, encodePacket, openFrame } from '../wire/packet.ts';
import { NO_NONCE } from '../wire/session-packet.ts';
import type { UdpAddress } from '../wire/transport.ts';

export interface ProbedPath {
  readonly self: NodeName;
  readonly instanceId: string;
  readonly peer: NodeName;
  readonly path: number;
  readonly local: UdpAddress;
  readonly remote: UdpAddress;
  readonly keys: HeartbeatKeys;
}

export type ProbeResult =
  | { readonly kind: 'answered'; readonly rttMs: number }
  /** Something of it came here, and no answer to us. */
  | { readonly kind: 'one-way' }
  | { readonly kind: 'other-key' }
  | { readonly kind: 'other-version' }
  /** The machine is there, and no daemon. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'silent' }
  /** This machine could not ask. */
  | { readonly kind: 'failed'; readonly reason: string };

const GREET_EVERY_MS = 200;

/**
 * Greets a peer in the name of this node, where no daemon does: a greeting changes nothing there, and is answered.
 * The answer goes to the configured address, so the port of the heartbeats is bound for as long; connected, so that
 * the kernel tells of a port that nobody listens on. Never rejects.
 */
export async function probeHeartbeats(probed: ProbedPath, withinMs: number): Promise<ProbeResult> {
  const { local, remote } = probed;
  const socket = createSocket({ type: isIPv6(local.address) ? 'udp6' : 'udp4', reuseAddr: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ ...local, exclusive: true }, () =>
        socket.connect(remote.port, remote.address, () => resolve()),
      );
    });
    return await converse(socket, probed, withinMs);
  } catch (error) {
    return { kind: 'failed', reason: (error as Error).message };
  } finally {
    socket.close();
  }
}

function converse(socket: Socket, probed: ProbedPath, withinMs: number): Promise<ProbeResult> {
  const { self: sender, peer: receiver, instanceId, path, keys } = probed;
  const authenticator = new Authenticator(keys);
  const senderNonce = randomBytes(8).toString('hex');
  const incarnation = randomBytes(8).toString('hex') as Incarnation;
  const greeting = encodePacket(
    {
      kind: 'greeting',
      sender,
      receiver,
      incarnation,
      instanceId,
      path,
      senderNonce,
      receiverNonce: NO_NONCE,
    },
    authenticator,
  );
  let known: ProbeResult = { kind: 'silent' };
  let sentMs = performance.now();
  return new Promise((resolve) => {
    const end = (result: ProbeResult) => {
      clearInterval(greeter);
      clearTimeout(timer);
      socket.removeAllListeners().on('error', () => {});
      resolve(result);
    };
    const greet = () => {
      sentMs = performance.now();
      socket.send(greeting, () => {});
    };
    const greeter = setInterval(greet, GREET_EVERY_MS);
    const timer = setTimeout(() => end(known), withinMs);
    socket.removeAllListeners('error');
    socket.on('error', (error: NodeJS.ErrnoException) => {
      known = error.code === 'ECONNREFUSED' ? { kind: 'refused' } : { kind: 'failed', reason: error.message };
    });
    socket.on('message', (bytes) => {
      const opened = openFrame(bytes);
      if (!opened.ok) {
        if (opened.reason === 'version') known = { kind: 'other-version' };
        return;
      }
      if (authenticator.verify(opened.frame) !== 'ok') {
        known = { kind: 'other-key' };
        return;
      }
      const decoded = decodePacket(bytes);
      if (!decoded.ok || decoded.packet.sender !== receiver) return;
      if (decoded.packet.receiverNonce === senderNonce)
        end({ kind: 'answered', rttMs: performance.now() - sentMs });
      else known = { kind: 'one-way' };
    });
    greet();
  });
}
