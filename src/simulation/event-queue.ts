/**
 * What is still to happen, in the order of virtual time: a binary heap over parallel arrays, so that a push
 * allocates nothing. Events of one time leave in the order in which they came: a seed always replays alike.
 */
export class EventQueue<T> {
  readonly #times: number[] = [];
  readonly #orders: number[] = [];
  readonly #items: T[] = [];
  #nextOrder = 0;

  /** Infinity when nothing is left. */
  get nextMs(): number {
    return this.#times.length > 0 ? (this.#times[0] as number) : Number.POSITIVE_INFINITY;
  }

  get size(): number {
    return this.#times.length;
  }

  push(atMs: number, item: T): void {
    const times = this.#times;
    const orders = this.#orders;
    const items = this.#items;
    const order = this.#nextOrder++;
    let hole = times.length;
    times.push(atMs);
    orders.push(order);
    items.push(item);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      // A newcomer has the highest order, so it passes a parent only when it is strictly earlier.
      if ((times[parent] as number) <= atMs) break;
      times[hole] = times[parent] as number;
      orders[hole] = orders[parent] as number;
      items[hole] = items[parent] as T;
      hole = parent;
    }
    times[hole] = atMs;
    orders[hole] = order;
    items[hole] = item;
  }

  /** The earliest event, which must exist. */
  pop(): T {
    const first = this.#items[0] as T;
    const atMs = this.#times.pop() as number;
    const order = this.#orders.pop() as number;
    const item = this.#items.pop() as T;
    if (this.#times.length > 0) this.#sink(atMs, order, item);
    return first;
  }

  #sink(atMs: number, order: number, item: T): void {
    const times = this.#times;
    const orders = this.#orders;
    const length = times.length;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#before(child + 1, child)) child++;
      const childMs = times[child] as number;
      if (childMs > atMs || (childMs === atMs && (orders[child] as number) > order)) break;
      times[hole] = childMs;
      orders[hole] = orders[child] as number;
      this.#items[hole] = this.#items[child] as T;
      hole = child;
    }
    times[hole] = atMs;
    orders[hole] = order;
    this.#items[hole] = item;
  }

  #before(left: number, right: number): boolean {
    const leftMs = this.#times[left] as number;
    const rightMs = this.#times[right] as number;
    if (leftMs !== rightMs) return leftMs < rightMs;
    return (this.#orders[left] as number) < (this.#orders[right] as number);
  }
}
