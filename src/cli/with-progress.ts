import type { ControlClient } from '../control/client.ts';
import type { StatusSnapshot } from '../control/status-snapshot.ts';
import type { CliIo } from './cli-io.ts';
import { statusChanges } from './status-changes.ts';

/** Shows on stderr what changes while `work` runs. The work does not depend on it: a watch that fails is silent. */
export async function withProgress<T>(io: CliIo, client: ControlClient, work: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  let last: StatusSnapshot | null = null;
  const watching = client
    .watch((snapshot) => {
      if (last !== null) for (const line of statusChanges(last, snapshot)) io.stderr(`  ${line}\n`);
      last = snapshot;
    }, over.signal)
    .catch(() => {});
  try {
    return await work();
  } finally {
    over.abort();
    await watching;
  }
}
