import type { Socket } from 'node:net';

/** Why there is no further line. */
export type LineEnd = 'closed' | 'timeout' | 'too-long' | 'not-text';
export type NextLine =
  | { readonly ok: true; readonly line: string }
  | { readonly ok: false; readonly end: LineEnd };

/**
 * Lines from a socket, one at a time, each bounded. Between two calls of `next` the socket is paused, so that
 * a peer that talks without being asked fills its own buffers and not this process.
 */
export class LineChannel {
  readonly #socket: Socket;
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(socket: Socket, maxBytes: number) {
    this.#socket = socket;
    this.#maxBytes = maxBytes;
  }

  /** Call once, before the first `next`. The owner of the socket listens for its errors. */
  open(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
      this.#socket.pause();
      this.#wake?.();
    });
    const end = () => {
      this.#ended = true;
      this.#wake?.();
    };
    this.#socket.on('end', end).on('close', end);
    this.#socket.pause();
  }

  /** Without a timeout it waits as long as the socket is open. */
  async next(timeoutMs: number | null): Promise<NextLine> {
    let isLate = false;
    const timer =
      timeoutMs === null
        ? null
        : setTimeout(() => {
            isLate = true;
            this.#wake?.();
          }, timeoutMs);
    try {
      for (;;) {
        const taken = this.#take();
        if (taken !== null) return taken;
        if (this.#ended) return { ok: false, end: 'closed' };
        if (isLate) return { ok: false, end: 'timeout' };
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          this.#socket.resume();
        });
        this.#wake = null;
      }
    } finally {
      if (timer !== null) clearTimeout(timer);
      this.#socket.pause();
    }
  }

  #take(): NextLine | null {
    const newest = this.#chunks.at(-1);
    if (newest === undefined) return null;
    // Only what came last can hold the end of the line; what came before was searched already.
    const isSearched = this.#chunks.length > 1 && !newest.includes(10);
    if (isSearched) return this.#bytes > this.#maxBytes ? { ok: false, end: 'too-long' } : null;
    const all = Buffer.concat(this.#chunks);
    const end = all.indexOf(10);
    if (end > this.#maxBytes || (end === -1 && all.length > this.#maxBytes))
      return { ok: false, end: 'too-long' };
    if (end === -1) return null;
    const rest = all.subarray(end + 1);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#bytes = rest.length;
    try {
      return { ok: true, line: new TextDecoder('utf-8', { fatal: true }).decode(all.subarray(0, end)) };
    } catch {
      return { ok: false, end: 'not-text' };
    }
  }
}
