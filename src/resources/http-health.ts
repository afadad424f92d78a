import { Agent, request } from 'undici';
import type { CallLimits } from './resource-adapter.ts';

export interface HealthCheck {
  /** Asked on this machine, "http://127.0.0.1/healthz". */
  readonly url: string;
  readonly timeoutMs: number;
  readonly expectStatus: number;
}

/**
 * One GET on a fresh connection: a kept one would prove only that a worker of long ago still lives.
 * Answers '' when the service answered as expected, else what was wrong, in words. Never throws.
 */
export async function checkHttpHealth(check: HealthCheck, limits: CallLimits): Promise<string> {
  const timeoutMs = Math.max(1, Math.ceil(Math.min(check.timeoutMs, limits.deadlineMs)));
  const agent = new Agent({ pipelining: 0 });
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await request(check.url, {
      dispatcher: agent,
      reset: true,
      signal: AbortSignal.any([limits.signal, timeout]),
    });
    // The body does not matter, and a large or endless one must not be read to its end.
    response.body.on('error', () => {});
    response.body.destroy();
    if (response.statusCode === check.expectStatus) return '';
    return `${check.url} answered ${response.statusCode}, expected ${check.expectStatus}`;
  } catch (error) {
    if (timeout.aborted) return `${check.url} did not answer within ${timeoutMs} ms`;
    return `${check.url}: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    void agent.destroy().catch(() => {});
  }
}
