const CALLS_MAX = 20_000;

export interface RecordedCall {
  /** Milliseconds since the epoch, when the request had been read. */
  readonly atMs: number;
  /** Who called: a node's name, "operator", or '' when the credentials were not known. */
  readonly node: string;
  readonly service: string;
  readonly call: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** "pending", "ok", an error code, "http 503", "hung" or "dropped". */
  readonly result: string;
  /** Whether the call did what it says; a hung or dropped one may have. */
  readonly applied: boolean;
  /** Until the answer was sent (or would have been); 0 while pending. */
  readonly durationMs: number;
}

export type CallFilter = Partial<Pick<RecordedCall, 'node' | 'service' | 'call' | 'result' | 'applied'>> & {
  /** Only calls that arrived at or after this time (milliseconds since the epoch). */
  readonly sinceMs?: number;
};

/** Every call that reached the emulator, the last 20,000 of them. */
export class CallJournal {
  #calls: RecordedCall[] = [];
  readonly #listeners = new Set<(call: RecordedCall) => void>();

  /** Notes an arrival; the returned function notes its end, once. */
  begin(
    call: Omit<RecordedCall, 'result' | 'applied' | 'durationMs'>,
  ): (end: Pick<RecordedCall, 'result' | 'applied' | 'durationMs'>) => void {
    const entry = { ...call, result: 'pending', applied: false, durationMs: 0 };
    this.#calls.push(entry);
    if (this.#calls.length > CALLS_MAX) this.#calls.shift();
    return (end) => {
      Object.assign(entry, end);
      for (const listener of this.#listeners) listener({ ...entry });
    };
  }

  /** Copies, oldest first. */
  calls(filter: CallFilter = {}): RecordedCall[] {
    const { sinceMs = 0, ...wanted } = filter;
    const keys = Object.keys(wanted) as (keyof typeof wanted)[];
    return this.#calls
      .filter((call) => call.atMs >= sinceMs && keys.every((key) => call[key] === wanted[key]))
      .map((call) => ({ ...call }));
  }

  count(filter: CallFilter = {}): number {
    return this.calls(filter).length;
  }

  /** Called with each call as it ends; the returned function ends it. */
  onCall(listener: (call: RecordedCall) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  clear(): void {
    this.#calls = [];
  }
}
