import type { Effect } from '../core/effects.ts';
import type { CoreEvent, Instant, StartOptions } from '../core/events.ts';
import type { GuardedEnd } from '../core/guarded-end.ts';
import type { GroupName, NodeName } from '../core/types.ts';

/** What checkers and transcripts want to know of one node in one group. */
export interface GroupView {
  readonly role: string;
  /** The newest term that the node knows; 0 and '' when none. */
  readonly term: number;
  readonly owner: NodeName;
  /** Who counts in that term, as far as the node knows (rule 19). */
  readonly members: readonly NodeName[];
  /** The node knows that the group is in maintenance. */
  readonly maintenance: boolean;
}

/**
 * The core as the world sees it. The state is opaque: the world hands it back and never looks inside, so
 * that a stub, the real core and a mutant of it are driven alike.
 */
export interface CoreUnderTest {
  createCore(options: StartOptions): unknown;
  step(state: unknown, event: CoreEvent): Effect[];
  /** On the node's own monotonic clock; Infinity: never. */
  nextWakeMs(state: unknown): number;
  hasAuthority(state: unknown, group: GroupName, at: Instant): boolean;
  /** What the guard of an exclusive group is told after a step. */
  guardedEnd(state: unknown, group: GroupName): GuardedEnd;
  view(state: unknown, group: GroupName): GroupView;
}
