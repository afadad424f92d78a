/** One request of the client. Times are CLOCK_MONOTONIC milliseconds, comparable with `monotonicMs()`. */
export interface RequestResult {
  readonly startMs: number;
  readonly latencyMs: number;
  /** Whom the answer named in X-Whom; a good answer is one with status 200 and a name. */
  readonly whom?: string;
  readonly status?: number;
  /** Why there was no good answer. */
  readonly failure?: string;
}

export interface Availability {
  readonly requests: number;
  readonly failed: number;
  /** The longest time between two good answers, or between one and either end of the window. */
  readonly longestGapMs: number;
  /** Good answers by X-Whom. */
  readonly byWhom: Readonly<Record<string, number>>;
  /** The reasons of failures, counted. */
  readonly failures: Readonly<Record<string, number>>;
}

/** How available the service was to requests that began within the window. */
export function availability(
  results: readonly RequestResult[],
  window: { readonly fromMs: number; readonly toMs: number },
): Availability {
  const inside = results.filter(({ startMs }) => startMs >= window.fromMs && startMs < window.toMs);
  const byWhom: Record<string, number> = {};
  const failures: Record<string, number> = {};
  const answeredMs: number[] = [];
  for (const { startMs, latencyMs, whom, failure } of inside) {
    if (whom === undefined || failure !== undefined) {
      const reason = failure ?? 'no X-Whom';
      failures[reason] = (failures[reason] ?? 0) + 1;
    } else {
      byWhom[whom] = (byWhom[whom] ?? 0) + 1;
      answeredMs.push(startMs + latencyMs);
    }
  }
  const marks = [
    window.fromMs,
    ...answeredMs.filter((atMs) => atMs < window.toMs).sort((a, b) => a - b),
    window.toMs,
  ];
  const gaps = marks.slice(1).map((atMs, index) => atMs - marks[index]!);
  return {
    requests: inside.length,
    failed: inside.length - answeredMs.length,
    longestGapMs: Math.max(...gaps),
    byWhom,
    failures,
  };
}
