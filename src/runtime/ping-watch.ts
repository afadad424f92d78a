import type { PingNode } from '../config/ping-schema.ts';
import type { Reach } from '../core/message.ts';
import type { PingAnswer, PingProbe } from './ping-probe.ts';

export interface PingWatchOptions {
  readonly probe: PingProbe;
  readonly onReach: (reach: Reach | null) => void;
  readonly log: { warn(text: string): void; info(text: string): void };
}

const LOOK_EVERY_MS = 2_000;
const TIMEOUT_MS = 1_000;
/** A ping node is lost after so many misses in a row: one echo that gets lost says little. */
const MISSES_MOST = 3;

interface Watched {
  readonly node: PingNode;
  readonly name: string;
  misses: number;
  answered: boolean;
  unknown: boolean;
}

/**
 * Counts the ping nodes that answer. What could not be asked counts as it did before; while one has never been
 * asked there is no count at all.
 */
export class PingWatch {
  readonly #options: PingWatchOptions;
  #abort = new AbortController();
  #watched: Watched[] = [];
  #key = '[]';
  #timer: NodeJS.Timeout | null = null;
  #looking = false;
  #said: Reach | null = null;

  constructor(options: PingWatchOptions) {
    this.#options = options;
  }

  /** Starts, or after a reload goes on with another list. */
  use(nodes: readonly PingNode[]): void {
    const key = JSON.stringify(nodes);
    if (key === this.#key) return;
    this.close();
    this.#key = key;
    this.#abort = new AbortController();
    this.#looking = false;
    this.#watched = nodes.map((node) => ({
      node,
      name: nameOf(node),
      misses: 0,
      answered: false,
      unknown: false,
    }));
    this.#tell(null);
    if (nodes.length === 0) return;
    void this.look();
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  close(): void {
    this.#abort.abort();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const { signal } = this.#abort;
    const watched = this.#watched;
    await Promise.all(
      watched.map(async (one) => {
        const answer = await this.#options.probe(one.node, TIMEOUT_MS, signal);
        if (!signal.aborted) this.#take(one, answer);
      }),
    );
    if (signal.aborted) return;
    this.#looking = false;
    if (watched.some(({ answered, misses }) => !answered && misses < MISSES_MOST)) return;
    const reached = watched.filter(({ misses }) => misses < MISSES_MOST).length;
    this.#tell({ reached, of: watched.length });
  }

  #tell(reach: Reach | null): void {
    if (reach?.reached === this.#said?.reached && reach?.of === this.#said?.of) return;
    this.#said = reach;
    this.#options.onReach(reach);
  }

  #take(one: Watched, answer: PingAnswer): void {
    const { log } = this.#options;
    if (answer === 'unknown') {
      if (!one.unknown) log.warn(`${one.name} cannot be asked from here: is the program "ping" installed?`);
      one.unknown = true;
      return;
    }
    one.unknown = false;
    if (answer === 'reached') {
      if (one.misses >= MISSES_MOST) log.info(`the ping node ${one.name} answers again`);
      one.misses = 0;
      one.answered = true;
      return;
    }
    one.misses += 1;
    if (one.misses === MISSES_MOST) log.warn(`the ping node ${one.name} does not answer`);
  }
}

function nameOf(node: PingNode): string {
  switch (node.kind) {
    case 'icmp':
      return node.address;
    case 'tcp':
      return `${node.host}:${node.port}`;
    case 'http':
      return new URL(node.url).origin;
  }
}
