import type { CallResult } from './events.ts';
import type { CoreState, GroupState, PendingCall } from './state.ts';
import { INSTANCE_WORD_MS } from './timing-rules.ts';
import { call, due } from './toolbox.ts';
import type { InstanceCondition, NodeName } from './types.ts';

/** Asks EC2 about the instance of `node` unless it was asked less than `everyMs` ago. */
export function lookAtInstance(state: CoreState, group: GroupState, node: NodeName, everyMs: number): void {
  const known = group.conditions.get(node);
  if (known !== undefined && (known.callId !== null || !due(state, known.askedMs + everyMs))) return;
  group.conditions.set(node, {
    condition: known?.condition ?? 'unknown',
    // A question is no answer: what was said before gets no younger by it.
    begunMs: known?.begunMs ?? Number.NEGATIVE_INFINITY,
    askedMs: state.nowMs,
    callId: call(state, group, { type: 'describe-instance', node }),
  });
}

/** What EC2 says of a node's instance, if it said so just now; else 'unknown'. */
export function freshWord(state: CoreState, group: GroupState, node: NodeName): InstanceCondition {
  const known = group.conditions.get(node);
  if (known === undefined || known.begunMs <= group.leaderHeardMs) return 'unknown';
  return state.nowMs - known.begunMs <= INSTANCE_WORD_MS ? known.condition : 'unknown';
}

export const isGone = (condition: InstanceCondition): boolean =>
  condition === 'stopped' || condition === 'terminated';

export function onInstanceCondition(
  state: CoreState,
  group: GroupState,
  pending: PendingCall,
  result: CallResult,
): void {
  if (pending.call.type !== 'describe-instance') return;
  const known = group.conditions.get(pending.call.node);
  if (known === undefined) return;
  known.callId = null;
  // An error is not an answer: what EC2 said before may have changed since.
  known.condition = result.type === 'instance-condition' ? result.condition : 'unknown';
  known.begunMs = pending.begunMs;
  due(state, state.nowMs);
}
