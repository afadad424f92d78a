import type { Writable } from 'node:stream';
import type { ControlHandler } from './control-handler.ts';

/** Changes come in bursts; a watcher needs no more than this many milliseconds' worth of news. */
const SHORTEST_INTERVAL_MS = 100;
/** Ages and round trips move on without any change. */
const LONGEST_INTERVAL_MS = 2_000;

export interface StatusStreamOptions {
  readonly subscribe: ControlHandler['subscribe'];
  /** The status of this moment, as this client takes it. */
  readonly text: () => string;
  readonly patienceMs: number;
}

/**
 * Writes the status after every change, and now and then without one, until the client goes. A slow client
 * gets fewer snapshots, never a queue of them; one that reads nothing for `patienceMs` is left.
 */
export function streamStatus(client: Writable, options: StatusStreamOptions): Promise<void> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | null = null;
    let stuck: NodeJS.Timeout | null = null;
    let isDirty = false;
    const send = (): void => {
      timer = null;
      isDirty = false;
      if (!client.write(options.text())) {
        stuck = setTimeout(() => client.destroy(), options.patienceMs);
        return;
      }
      timer = setTimeout(send, LONGEST_INTERVAL_MS);
    };
    const changed = (): void => {
      if (isDirty || stuck !== null) return;
      isDirty = true;
      if (timer !== null) clearTimeout(timer);
      timer = setTimeout(send, SHORTEST_INTERVAL_MS);
    };
    const unsubscribe = options.subscribe(changed);
    client.on('drain', () => {
      if (stuck !== null) clearTimeout(stuck);
      stuck = null;
      isDirty = false;
      changed();
    });
    client.once('close', () => {
      unsubscribe();
      if (timer !== null) clearTimeout(timer);
      if (stuck !== null) clearTimeout(stuck);
      resolve();
    });
    send();
  });
}
