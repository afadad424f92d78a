/** How often a value was at most so large, in the buckets of Prometheus. Seconds, like all that is measured here. */
export class Histogram {
  readonly #bounds: readonly number[];
  /** One more than bounds: what is above them all. Not cumulative. */
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const place = this.#bounds.findIndex((bound) => value <= bound);
    this.#counts[place < 0 ? this.#bounds.length : place]! += 1;
    this.#sum += value;
  }

  /** `buckets`: upper bound and how many values were at most that, the last one "+Inf" with all of them. */
  read(): { readonly buckets: readonly (readonly [string, number])[]; readonly sum: number } {
    let total = 0;
    const buckets = this.#counts.map((count, place) => {
      total += count;
      return [place < this.#bounds.length ? String(this.#bounds[place]) : '+Inf', total] as const;
    });
    return { buckets, sum: this.#sum };
  }
}
