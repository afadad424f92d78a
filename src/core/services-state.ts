import type { Millis } from './types.ts';

/** Starts that failed, services that ended by themselves or did not do their work: of one resource. */
export interface ServiceFailures {
  /** The newest last. */
  readonly times: readonly Millis[];
  /** Of the newest. */
  readonly reason: string;
  /** Until when the node is ineligible because of them; null: restarts are still worth it. */
  readonly untilMs: Millis | null;
}

export interface ServicesState {
  status: 'unknown' | 'stopped' | 'starting' | 'running' | 'stopping' | 'failed';
  callId: number | null;
  /** Some of them may run: no stop has succeeded since they were found at start-up or were last started. */
  mayRun: boolean;
  startedMs: Millis;
  checkedMs: Millis;
  /** What failed here and is not forgotten, by the place of the resource in the group. */
  readonly failures: Map<number, ServiceFailures>;
  retryMs: Millis;
  reason: string;
}
