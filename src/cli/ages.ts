/** 0.4 → "0.4 ms", 912 → "912 ms", 61000 → "61 s", 7200000 → "2 h". */
export function describeMs(ms: number): string {
  if (ms < 10) return `${Math.round(ms * 10) / 10} ms`;
  if (ms < 10_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} days`;
}

/** How long before `now` an instant was, both ISO 8601 by the same clock: "3 min ago". */
export function describeSince(at: string, now: string): string {
  const ms = Date.parse(now) - Date.parse(at);
  return Number.isFinite(ms) && ms >= 0 ? `${describeMs(ms)} ago` : at;
}
