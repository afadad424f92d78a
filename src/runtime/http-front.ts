import type { Configuration } from '../config/configuration.ts';
import type { ControlHandler } from '../control/control-handler.ts';
import { type HttpPlace, HttpServer } from '../http/http-server.ts';
import { type Journal, journalDirectory } from '../journal/journal.ts';
import { RecentHistory } from '../journal/recent-history.ts';
import type { Logger } from '../observability/logger.ts';
import { metricsText } from '../observability/metrics/metrics-text.ts';
import type { DaemonParts } from './daemon-parts.ts';
import type { NodeRuntime } from './node-runtime.ts';

export interface HttpFrontOptions {
  readonly node: Pick<ControlHandler, 'status' | 'subscribe'>;
  readonly parts: Pick<DaemonParts, 'configuration' | 'self' | 'transport' | 'counters'>;
  readonly journal: Journal | null;
  /** null: the node has not started yet. */
  readonly loop: () => NodeRuntime['loop'] | null;
  readonly startedAtMs: number;
  readonly log: Logger;
}

/** The daemon's end of the status page: what is shown, and where. */
export class HttpFront {
  readonly #options: HttpFrontOptions;
  readonly #server: HttpServer;

  constructor(options: HttpFrontOptions) {
    this.#options = options;
    const { node, parts, journal, log } = options;
    const history =
      journal === null
        ? null
        : new RecentHistory({
            directory: journalDirectory(parts.configuration.file.stateDirectory),
            settled: () => journal.settled(),
          });
    this.#server = new HttpServer({
      sources: {
        status: () => node.status(),
        subscribe: (listener) => node.subscribe(listener),
        history: async () => history?.read() ?? [],
        metrics: () => this.#metrics(),
      },
      log,
    });
  }

  /** Starts, or after a reload goes on as the configuration wants it now. */
  use({ file }: Configuration): void {
    this.#server.use(placeOf(file, this.#options.parts.self));
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  #metrics(): string {
    const { node, parts, loop, startedAtMs } = this.#options;
    const running = loop();
    if (running === null) throw new Error('the node has not started yet');
    const { user, system } = process.cpuUsage();
    return metricsText({
      snapshot: node.status(),
      transport: parts.transport.counters(),
      events: parts.counters,
      lateness: running.lateness,
      droppedDatagrams: running.droppedDatagrams,
      process: { startedAtMs, residentBytes: process.memoryUsage.rss(), cpuMicros: user + system },
      http: this.#server.counts(),
    });
  }
}

/** The names of the nodes count as names of the daemon: that is how an operator reaches them. */
function placeOf(file: Configuration['file'], self: string): HttpPlace | null {
  if (file.http === null) return null;
  const { address, port, hosts } = file.http;
  const own = file.nodes[self]?.addresses[0] ?? '127.0.0.1';
  const names = Object.entries(file.nodes).flatMap(([name, { hostname }]) => [name, hostname ?? name]);
  return { address: address === 'node' ? own : address, port, hosts: [...hosts, ...names] };
}
