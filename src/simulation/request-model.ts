import type { AfarRequest, RequestReading, RequestVerdict } from '../core/afar-state.ts';

/** What an operator wrote; `expiresMs` is virtual time, as the witness's clock shows it. */
export interface WrittenRequest extends Omit<AfarRequest, 'leftMs'> {
  readonly expiresMs: number;
}

type Content = { readonly request: WrittenRequest; readonly closed: boolean } | 'nonsense' | null;

/** The one parameter of the cluster that holds a request. Overwritable; a reading may show an old content. */
export class RequestModel {
  /** Newest last. */
  readonly #contents: { readonly content: Content; readonly landedMs: number }[] = [];

  write(content: WrittenRequest | 'nonsense' | null, nowMs: number): void {
    const isRequest = content !== null && content !== 'nonsense';
    this.#put(isRequest ? { request: content, closed: false } : content, nowMs);
  }

  close(id: string, _verdict: RequestVerdict, nowMs: number): void {
    const content = this.#contents.at(-1)?.content ?? null;
    if (content === null || content === 'nonsense' || content.closed || content.request.id !== id) return;
    this.#put({ ...content, closed: true }, nowMs);
  }

  /** As it was at `horizonMs`; the answer's date says the second in which it is sent. */
  reading(horizonMs: number, nowMs: number): RequestReading {
    const content = this.#contents.findLast(({ landedMs }) => landedMs <= horizonMs)?.content ?? null;
    if (content === 'nonsense') return { status: 'nonsense', reason: 'it is not JSON' };
    if (content === null || content.closed) return { status: 'none' };
    const { expiresMs, ...request } = content.request;
    const leftMs = expiresMs - (Math.floor(nowMs / 1_000) + 1) * 1_000;
    return leftMs > 0 ? { status: 'pending', request: { ...request, leftMs } } : { status: 'none' };
  }

  #put(content: Content, landedMs: number): void {
    this.#contents.push({ content, landedMs });
  }
}
