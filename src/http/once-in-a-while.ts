/** Keeps what is dear to make for a moment, so that who asks often, or many who ask, cost no more than one. */
export function onceInAWhile<T>(make: () => T, forMs: number): () => T {
  let made: { readonly value: T; readonly atMs: number } | null = null;
  return () => {
    const nowMs = performance.now();
    if (made === null || nowMs - made.atMs >= forMs) made = { value: make(), atMs: nowMs };
    return made.value;
  };
}
