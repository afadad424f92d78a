import { createInterface } from 'node:readline';
import { PUBLIC_ADDRESS } from './address-plan.ts';
import { endHelper, spawnHelper } from './helper-process.ts';
import { monotonicMs } from './monotonic.ts';
import { type Availability, availability, type RequestResult } from './request-result.ts';
import type { Topology } from './topology.ts';
import { waitFor } from './wait-for.ts';

export interface Client {
  readonly pid: number;
  readonly results: readonly RequestResult[];
  /** Waits for what is under way, then tells how available the service was from `sinceMs` until now. */
  availabilitySince(sinceMs: number): Promise<Availability>;
  /** Waits until a request that began after this call is answered by that node (`node_1`, …). */
  waitForAnswerBy(whom: string, options: { readonly withinMs: number }): Promise<RequestResult>;
  close(): Promise<void>;
}

export interface ClientOptions {
  readonly method?: 'HEAD' | 'GET';
  readonly everyMs?: number;
  readonly timeoutMs?: number;
}

/** The public: asks the Elastic IP every 20 ms, with a new connection each time. */
export async function startClient(topology: Topology, options: ClientOptions = {}): Promise<Client> {
  const child = spawnHelper(topology.client, 'client-process.ts', {
    host: PUBLIC_ADDRESS,
    method: options.method ?? 'HEAD',
    everyMs: options.everyMs ?? 20,
    timeoutMs: options.timeoutMs ?? 1_000,
  });
  const results: RequestResult[] = [];
  const settled = new Set<string>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const value = JSON.parse(line) as RequestResult | { readonly settled: string };
    if ('settled' in value) settled.add(value.settled);
    else results.push(value);
  });
  let marks = 0;
  const settle = async () => {
    marks += 1;
    const mark = `mark ${marks}`;
    child.stdin.write(`${mark}\n`);
    await waitFor('the client to settle', () => settled.has(mark), { withinMs: 30_000, everyMs: 5 });
  };
  await waitFor('the client to start', () => settled.has('started'), { withinMs: 30_000 });
  return {
    pid: child.pid!,
    results,
    availabilitySince: async (sinceMs) => {
      const untilMs = monotonicMs();
      await settle();
      return availability(results, { fromMs: sinceMs, toMs: untilMs });
    },
    waitForAnswerBy: (whom, { withinMs }) => {
      const sinceMs = monotonicMs();
      return waitFor(
        `an answer by ${whom}`,
        () => results.findLast((result) => result.whom === whom && result.startMs >= sinceMs),
        { withinMs, everyMs: 5 },
      );
    },
    close: () => endHelper(child),
  };
}
