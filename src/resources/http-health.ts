import { checkHttp } from './checks.ts';
import { type CallLimits, type ResourceState, within } from './resource-adapter.ts';

export interface HealthCheck {
  /** Asked on this machine, "http://127.0.0.1/healthz". */
  readonly url: string;
  readonly timeoutMs: number;
  readonly expectStatus: number;
}

/** `running` when the service answered as expected; the reason of another state has no name in front. Never throws. */
export function checkHttpHealth(
  { url, timeoutMs, expectStatus }: HealthCheck,
  limits: CallLimits,
): Promise<ResourceState> {
  return checkHttp({ url, expectStatus, expectBody: null }, within(limits, timeoutMs));
}
