import { checkHttp } from './checks.ts';
import {
  type Budget,
  type CallLimits,
  failedState,
  left,
  type ResourceState,
  RUNNING,
  unhealthyState,
  waitUntil,
  within,
} from './resource-adapter.ts';

export interface HealthCheck {
  /** Asked on this machine, "http://127.0.0.1/healthz". */
  readonly url: string;
  readonly timeoutMs: number;
  readonly expectStatus: number;
}

/** A server that was just started, as its health is waited for. */
export interface StartedServer {
  /** The resource's, in front of what is said. */
  readonly name: string;
  readonly health: HealthCheck | null;
  readonly lives: () => Promise<boolean>;
  /** What to say when it was never seen alive. */
  readonly absent: string;
}

/**
 * `running` when the service answered as expected, or nothing is to be asked; the reason of another state has no name
 * in front. Never throws.
 */
export async function checkHealth(health: HealthCheck | null, limits: CallLimits): Promise<ResourceState> {
  if (health === null) return RUNNING;
  const { url, timeoutMs, expectStatus } = health;
  return checkHttp({ url, expectStatus, expectBody: null }, within(limits, timeoutMs));
}

/** Until the server lives and answers: `running`, or `failed` with what was seen last. Throws what `lives` throws. */
export async function awaitHealth(server: StartedServer, budget: Budget): Promise<ResourceState> {
  let state = unhealthyState(server.absent);
  const isSettled = async () => {
    if (!(await server.lives())) return false;
    const found = await checkHealth(server.health, left(budget));
    // A last look that the deadline cut short knows less than the one before it.
    if (found.kind !== 'unhealthy' || budget.remainingMs() > 0) state = found;
    return found.kind !== 'unhealthy';
  };
  await waitUntil(isSettled, budget);
  if (state.kind === 'running') return RUNNING;
  if (budget.signal.aborted) return failedState(`${server.name}: its start was called off`);
  // A check that cannot be made says nothing: the server lives.
  if (state.kind !== 'unhealthy') return RUNNING;
  return failedState(`${server.name}: it was started but ${state.reason}`);
}
