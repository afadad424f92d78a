import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { CommandOutcome } from '../core/effects.ts';
import type { Command } from '../core/events.ts';
import { assertNever } from '../core/types.ts';
import type { ControlHandler } from './control-handler.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { LineChannel } from './line-channel.ts';
import {
  isProofDirectoryReady,
  newChallenge,
  prepareProofDirectory,
  proofDirectoryOf,
  verifyChallenge,
} from './peer-identity.ts';
import {
  type ControlAnswer,
  type ControlRequest,
  decodeProof,
  decodeRequest,
  encodeAnswer,
  MAX_REQUEST_BYTES,
} from './protocol.ts';
import { listenOn, socketGroupId } from './socket-file.ts';
import { streamStatus } from './status-stream.ts';

export interface ControlServerOptions {
  readonly path: string;
  /** Whose members may use the socket; null: only who runs the daemon. */
  readonly group: string | null;
  /** The name of this node, for "uid 0 on aux". */
  readonly node: string;
  readonly handler: ControlHandler;
  /** Told of what goes wrong and harms nobody but a client. */
  readonly onProblem?: (message: string) => void;
  /** How long a client may take to write its request, its proof, and to read an answer. */
  readonly patienceMs?: number;
}

const MAX_CONNECTIONS = 64;
/** Fewer than the connections, so that watching can never keep out a command. */
const MAX_WATCHERS = 16;
const PATIENCE_MS = 5_000;
/** The core answers by the command's own timeout; this is for a daemon that is too busy to. */
const COMMAND_GRACE_MS = 5_000;
const UNTIMED_COMMAND_MS = 60_000;

/** The daemon's end of the control socket. */
export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #patienceMs: number;
  #watchers = 0;

  constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket));
  }

  /** Throws ControlSocketError. */
  async start(): Promise<void> {
    const gid = await socketGroupId(this.#options);
    await listenOn(this.#server, this.#options, gid);
    this.#server.on('error', (error) => this.#problem(`the control socket failed: ${error.message}`));
    try {
      await prepareProofDirectory(proofDirectoryOf(this.#options.path), gid);
    } catch (error) {
      this.#problem(`requests will not be signed with a user id: ${(error as Error).message}`);
    }
  }

  /** Ends every connection and removes the socket. Safe to call twice. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await rm(proofDirectoryOf(this.#options.path), { recursive: true, force: true });
  }

  #accept(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (this.#sockets.size >= MAX_CONNECTIONS) {
      socket.end(encodeAnswer(failed('too many connections: try again', EXIT.tryAgain)), () =>
        socket.destroy(),
      );
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#serve(socket)
      .catch((error: unknown) => {
        this.#problem(`a control request failed: ${(error as Error).message}`);
        return failed(`the daemon could not carry this out: ${(error as Error).message}`, EXIT.error);
      })
      .then((answer) => this.#finish(socket, answer));
  }

  /** The last answer; null when the client is gone or was told everything already. */
  async #serve(socket: Socket): Promise<ControlAnswer | null> {
    const channel = new LineChannel(socket, MAX_REQUEST_BYTES);
    channel.open();
    const next = await channel.next(this.#patienceMs);
    if (!next.ok) {
      return next.end === 'closed' ? null : failed(`the request was not understood: ${next.end}`, EXIT.usage);
    }
    const decoded = decodeRequest(next.line);
    if (!decoded.ok) return failed(`the request ${decoded.reason}`, EXIT.usage);
    return this.#carryOut(decoded.value, socket, channel);
  }

  async #carryOut(
    request: ControlRequest,
    socket: Socket,
    channel: LineChannel,
  ): Promise<ControlAnswer | null> {
    const { handler } = this.#options;
    switch (request.type) {
      case 'status':
        return request.watch ? this.#watch(socket) : { type: 'status', snapshot: handler.status() };
      case 'reload':
        return this.#answerTo(handler.reload(), UNTIMED_COMMAND_MS, () => EXIT.misconfigured);
      case 'stop':
        return this.#answerTo(
          handler.command({ type: 'stop', mode: request.mode }),
          UNTIMED_COMMAND_MS,
          () => EXIT.unsafe,
        );
      case 'set-drained':
      case 'maintenance':
      case 'cleanup':
      case 'forget':
      case 'move': {
        const by = await this.#identify(socket, channel);
        if (by === null) return null;
        const command: Command = { ...request, id: randomBytes(8).toString('hex'), by };
        const budgetMs = 'timeoutMs' in request ? request.timeoutMs : UNTIMED_COMMAND_MS;
        return this.#answerTo(handler.command(command), budgetMs + COMMAND_GRACE_MS, ({ code }) => {
          if (code === 'busy') return EXIT.tryAgain;
          return handler.status().witness.state === 'down' ? EXIT.noQuorum : EXIT.unsafe;
        });
      }
      default:
        return assertNever(request);
    }
  }

  /** "uid 0 on aux", or "somebody on aux" when it was not proven; null when the client has gone. */
  async #identify(socket: Socket, channel: LineChannel): Promise<string | null> {
    const unknown = `somebody on ${this.#options.node}`;
    const directory = proofDirectoryOf(this.#options.path);
    if (!(await isProofDirectoryReady(directory))) return unknown;
    const challenge = newChallenge(directory);
    socket.write(encodeAnswer({ type: 'challenge', ...challenge }));
    const next = await channel.next(this.#patienceMs);
    // Verified also when no proof was announced: it removes a file that came too late to count.
    const uid = await verifyChallenge(challenge);
    if (!next.ok) return next.end === 'closed' ? null : unknown;
    const proof = decodeProof(next.line);
    return proof.ok && proof.value.written && uid !== null ? `uid ${uid} on ${this.#options.node}` : unknown;
  }

  async #answerTo(
    running: Promise<CommandOutcome>,
    budgetMs: number,
    refusedCode: (refused: CommandOutcome) => ExitCode,
  ): Promise<ControlAnswer> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<CommandOutcome>((resolve) => {
      const reason = 'the daemon did not answer in time; look at "eipkeeper status" for what became of it';
      timer = setTimeout(() => resolve({ status: 'timeout', reason }), budgetMs);
    });
    try {
      const outcome = await Promise.race([running, late]);
      const { status, reason } = outcome;
      const exitCode = status === 'refused' ? refusedCode(outcome) : EXIT_CODES[status];
      return { type: 'result', status, reason, exitCode };
    } finally {
      clearTimeout(timer);
    }
  }

  async #watch(socket: Socket): Promise<ControlAnswer | null> {
    if (this.#watchers >= MAX_WATCHERS)
      return failed('too many are watching already: try again', EXIT.tryAgain);
    this.#watchers += 1;
    try {
      const { handler } = this.#options;
      const watching = streamStatus(socket, {
        subscribe: (listener) => handler.subscribe(listener),
        text: () => encodeAnswer({ type: 'status', snapshot: handler.status() }),
        patienceMs: this.#patienceMs,
      });
      // Reading is what notices that the client has gone.
      socket.resume();
      await watching;
    } finally {
      this.#watchers -= 1;
    }
    return null;
  }

  #finish(socket: Socket, answer: ControlAnswer | null): void {
    if (answer === null || !socket.writable) {
      socket.destroy();
      return;
    }
    // A client that does not read its answer is left after a while, and so are its unread bytes.
    const timer = setTimeout(() => socket.destroy(), this.#patienceMs);
    socket.once('close', () => clearTimeout(timer));
    socket.end(encodeAnswer(answer), () => socket.destroySoon());
  }

  #problem(message: string): void {
    this.#options.onProblem?.(message);
  }
}

const EXIT_CODES = { done: EXIT.ok, timeout: EXIT.timeout } as const;

const failed = (reason: string, exitCode: number): ControlAnswer => ({
  type: 'result',
  status: 'failed',
  reason,
  exitCode,
});
