import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from './monotonic.ts';
import type { RequestResult } from './request-result.ts';

/**
 * Runs in the client's namespace: a new connection with a request every `everyMs`, whatever became of the ones
 * before. Prints a JSON line for each result; a line on standard input is repeated once all requests that had begun
 * by then are over. Ends when its standard input does.
 */
interface ClientOptions {
  readonly host: string;
  readonly method: 'HEAD' | 'GET';
  readonly everyMs: number;
  readonly timeoutMs: number;
}

const options = JSON.parse(process.argv[2] ?? '{}') as ClientOptions;
/** A request lives for `timeoutMs` at most, so these can only be exceeded when this process itself hangs. */
const inFlightMax = 2 * Math.ceil(options.timeoutMs / options.everyMs);
const inFlight = new Set<Promise<void>>();

const print = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`);
};

function ask(startMs: number): Promise<void> {
  return new Promise<void>((resolve) => {
    const finish = (outcome: Pick<RequestResult, 'whom' | 'status' | 'failure'>) => {
      clearTimeout(timer);
      print({ startMs, latencyMs: monotonicMs() - startMs, ...outcome } satisfies RequestResult);
      call.destroy();
      resolve();
    };
    const { host, method } = options;
    const call = request({ host, method, path: '/', agent: false }, (answer) => {
      answer.resume().once('end', () => {
        const status = answer.statusCode ?? 0;
        const whom = answer.headers['x-whom'];
        if (status === 200 && typeof whom === 'string') finish({ status, whom });
        else finish({ status, failure: `status ${status}` });
      });
    });
    call.once('error', (error: NodeJS.ErrnoException) => finish({ failure: error.code ?? error.message }));
    // After the first outcome the socket is destroyed, and what that raises is no outcome any more.
    call.on('error', () => {});
    const timer = setTimeout(() => finish({ failure: 'timeout' }), options.timeoutMs);
    call.end();
  });
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    void Promise.all(inFlight).then(() => print({ settled: line }));
  })
  .on('close', () => process.exit(0));

print({ settled: 'started' });
for (let nextMs = monotonicMs(); ; nextMs += options.everyMs) {
  await sleep(Math.max(0, nextMs - monotonicMs()));
  if (inFlight.size >= inFlightMax) {
    print({ startMs: monotonicMs(), latencyMs: 0, failure: 'too many in flight' } satisfies RequestResult);
    continue;
  }
  const asked = ask(monotonicMs()).then(() => {
    inFlight.delete(asked);
  });
  inFlight.add(asked);
}
