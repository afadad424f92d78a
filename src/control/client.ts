import { connect, type Socket } from 'node:net';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { LineChannel } from './line-channel.ts';
import { answerChallenge } from './peer-identity.ts';
import {
  type ControlAnswer,
  type ControlRequestInput,
  type ControlResult,
  decodeAnswer,
  encodeProof,
  encodeRequest,
  MAX_ANSWER_BYTES,
} from './protocol.ts';
import type { StatusSnapshot } from './status-snapshot.ts';

/** The daemon could not be asked, or its answer not be had. The message is for the operator. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

export interface ControlClientOptions {
  readonly path: string;
  /** How long to wait for an answer that needs no work. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 5_000;
/** More than the grace that the server gives, so that its answer is the one that is seen. */
const COMMAND_GRACE_MS = 10_000;
const UNTIMED_COMMAND_MS = 70_000;

/** The other end of the control socket: one connection for each request. Every method throws ControlError. */
export class ControlClient {
  readonly #path: string;
  readonly #patienceMs: number;

  constructor({ path, patienceMs }: ControlClientOptions) {
    this.#path = path;
    this.#patienceMs = patienceMs ?? PATIENCE_MS;
  }

  async status(): Promise<StatusSnapshot> {
    return this.#converse({ type: 'status' }, null, async (next) =>
      expectStatus(await next(this.#patienceMs)),
    );
  }

  /** Calls the listener with the present status and after every change, until the signal is aborted. */
  async watch(listener: (snapshot: StatusSnapshot) => void, signal: AbortSignal): Promise<void> {
    try {
      await this.#converse({ type: 'status', watch: true }, signal, async (next) => {
        for (;;) listener(expectStatus(await next(null)));
      });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /**
   * Waits until the command is over; a refusal is a result, not an error. Aborted, it waits no longer, and the daemon
   * goes on.
   */
  async command(
    request: Exclude<ControlRequestInput, { type: 'status' }>,
    signal: AbortSignal | null = null,
  ): Promise<ControlResult> {
    const budgetMs = 'timeoutMs' in request ? request.timeoutMs + COMMAND_GRACE_MS : UNTIMED_COMMAND_MS;
    return this.#converse(request, signal, async (next, socket) => {
      for (;;) {
        const answer = await next(budgetMs);
        if (answer.type === 'result') return answer;
        if (answer.type === 'status')
          throw new ControlError('the daemon answered something else', EXIT.error);
        socket.write(encodeProof(await answerChallenge(answer, this.#path)));
      }
    });
  }

  async #converse<T>(
    request: ControlRequestInput,
    signal: AbortSignal | null,
    talk: (next: (timeoutMs: number | null) => Promise<ControlAnswer>, socket: Socket) => Promise<T>,
  ): Promise<T> {
    const socket = await this.#connect();
    const leave = () => socket.destroy();
    signal?.addEventListener('abort', leave, { once: true });
    if (signal?.aborted === true) leave();
    try {
      const channel = new LineChannel(socket, MAX_ANSWER_BYTES);
      channel.open();
      socket.write(encodeRequest(request));
      return await talk((timeoutMs) => this.#answer(channel, timeoutMs), socket);
    } finally {
      signal?.removeEventListener('abort', leave);
      socket.destroy();
    }
  }

  #connect(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#path);
      socket.once('connect', () => resolve(socket));
      socket.on('error', (error: NodeJS.ErrnoException) => reject(this.#explain(error)));
    });
  }

  async #answer(channel: LineChannel, timeoutMs: number | null): Promise<ControlAnswer> {
    const next = await channel.next(timeoutMs);
    if (next.ok) {
      const decoded = decodeAnswer(next.line);
      if (decoded.ok) return decoded.value;
      throw new ControlError(
        `the answer of the daemon was not understood (${decoded.reason}): is it of another version than this command?`,
        EXIT.error,
      );
    }
    switch (next.end) {
      case 'timeout':
        throw new ControlError(
          `the daemon is there but did not answer within ${timeoutMs} ms; look at "journalctl -u eipkeeper"`,
          EXIT.unavailable,
        );
      case 'closed':
        throw new ControlError(
          'the daemon ended the connection: it is stopping, or has crashed',
          EXIT.unavailable,
        );
      default:
        throw new ControlError('what answered on the socket is no eipkeeper', EXIT.error);
    }
  }

  #explain(error: NodeJS.ErrnoException): ControlError {
    const options = { cause: error };
    switch (error.code) {
      case 'ENOENT':
      case 'ECONNREFUSED':
        return new ControlError(
          `eipkeeper does not run here, or has only begun to start: nobody listens on ${this.#path}. "systemctl status eipkeeper" says which, "systemctl start eipkeeper" starts it; or name its configuration with --config`,
          EXIT.unavailable,
          options,
        );
      case 'EACCES':
      case 'EPERM':
        return new ControlError(
          `this user may not use ${this.#path}: use sudo, or become a member of the group in socket.group`,
          EXIT.noPermission,
          options,
        );
      default:
        return new ControlError(`${this.#path} cannot be used: ${error.message}`, EXIT.unavailable, options);
    }
  }
}

function expectStatus(answer: ControlAnswer): StatusSnapshot {
  if (answer.type === 'status') return answer.snapshot;
  if (answer.type === 'result') throw new ControlError(answer.reason, answer.exitCode as ExitCode);
  throw new ControlError('the daemon answered something else', EXIT.error);
}
