import { Agent, request } from 'undici';
import { describeOutcome, runProcess } from '../resources/process-runner.ts';
import type { Deliver, Delivery } from './target.ts';

/** A receiver's answer is of no interest, and not read beyond this. */
const ANSWER_BYTES_MOST = 65_536;
const KILL_GRACE_MS = 1_000;
/** Try again later, as the receiver itself says. */
const PASSING = new Set([408, 425, 429]);

/** POST of the document. Any 2xx is success; redirects are not followed; other 4xx are not tried again. */
export function postTo(url: string, version: string): { readonly deliver: Deliver; close(): Promise<void> } {
  const dispatcher = new Agent({ connections: 1, connect: { timeout: 10_000 } });
  const deliver: Deliver = async (document, signal) => {
    try {
      const { statusCode, body } = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': `eipkeeper/${version}` },
        body: JSON.stringify(document),
        dispatcher,
        signal,
      });
      await body.dump({ limit: ANSWER_BYTES_MOST, signal }).catch(() => {});
      return meaningOf(statusCode);
    } catch (error) {
      return { status: 'failed', reason: error instanceof Error ? error.message : String(error) };
    }
  };
  return { deliver, close: () => dispatcher.destroy() };
}

function meaningOf(status: number): Delivery {
  if (status >= 200 && status < 300) return { status: 'delivered' };
  const reason = `it answered HTTP ${status}`;
  return { status: status >= 500 || PASSING.has(status) ? 'failed' : 'refused', reason };
}

/** Runs the command with the document on its standard input; exit status 0 is success. */
export function pipeTo(command: readonly string[], timeoutMs: number): Deliver {
  return async (document, signal) => {
    const outcome = await runProcess(command, {
      deadlineMs: timeoutMs,
      signal,
      killGraceMs: KILL_GRACE_MS,
      input: `${JSON.stringify(document)}\n`,
      env: { EIPKEEPER_EVENT: document.event, EIPKEEPER_GROUP: document.group ?? '' },
    });
    if (outcome.kind === 'exited' && outcome.code === 0) return { status: 'delivered' };
    return { status: 'failed', reason: describeOutcome(command.slice(0, 1), outcome) };
  };
}
