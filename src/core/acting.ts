/**
 * Owns rule 16: nobody leads, the witness is unreachable, EC2 answers. Then EC2's own word decides: the running
 * node that has the address serves; a free address is taken by compare; one on a stopped or terminated instance
 * by two steps; never one on a running instance.
 */
import { isHere, lookAtAddress } from './address.ts';
import { leaseEndsMs, rankOf, restartEndsMs } from './claim.ts';
import { canLead } from './eligibility.ts';
import { freshWord, isGone, lookAtInstance } from './instances.ts';
import { inMaintenance } from './maintenance.ts';
import { whyOutside } from './members.ts';
import type { CoreState, GroupState } from './state.ts';
import { INSTANCE_WORD_MS, RANK_STEP_MS, WITNESS_LOOK_LEADERLESS_MS, waitFor } from './timing-rules.ts';
import { due, note } from './toolbox.ts';
import { createNext, hasFreshRead, lookAtWitness, mayCreate, pursueCreate } from './witness-calls.ts';

/** A standby's last resort, after it found that it cannot claim. */
export function considerActing(state: CoreState, group: GroupState): void {
  if (group.config.kind === 'exclusive' || group.create !== null || inMaintenance(group)) return;
  const { read, leaderHeardMs } = group;
  const deadMs = leaderHeardMs + waitFor(group.config.timings.deadtimeMs);
  const untilMs = Math.max(
    deadMs,
    group.promiseUntilMs,
    group.holdUntilMs,
    restartEndsMs(group),
    // Just started: the witness may only be slow to be reached for the first time.
    state.startedMs + state.config.initdeadMs,
  );
  if (!due(state, untilMs)) return;
  const witnessDown = read.failedMs > deadMs && read.failedMs > read.okBegunMs;
  if (!witnessDown) return;
  if (state.nowMs - group.address.begunMs > INSTANCE_WORD_MS || group.address.begunMs <= leaderHeardMs) {
    return lookAtAddress(state, group);
  }
  const why = reasonToAct(state, group, leaderHeardMs);
  if (why === '') return;
  group.role = { kind: 'acting' };
  state.heartbeat.urgent = true;
  note(state, { type: 'acting', group: group.config.name, why });
}

function reasonToAct(state: CoreState, group: GroupState, leaderHeardMs: number): string {
  const { holder } = group.address;
  if (holder === null || holder.kind === 'foreign') return '';
  if (isHere(state, group)) return 'EC2 says that the address is here';
  if (!canLead(state, group)) return '';
  if (holder.kind === 'free') {
    const mayMs = leaderHeardMs + rankOf(state, group) * RANK_STEP_MS;
    return due(state, mayMs) ? 'EC2 says that the address is free' : '';
  }
  lookAtInstance(state, group, holder.node, INSTANCE_WORD_MS);
  const word = freshWord(state, group, holder.node);
  return isGone(word) ? `EC2 says that the instance of ${holder.node} is ${word}` : '';
}

/** One turn of a node that acts. Its first act when the witness is back is the term. */
export function act(state: CoreState, group: GroupState): void {
  lookAtWitness(state, group, WITNESS_LOOK_LEADERLESS_MS);
  if (group.create !== null) return pursueCreate(state, group, true);
  // A lease that binds this node, or a promise that it gave, binds it also when it acted meanwhile.
  const freeMs = Math.max(group.promiseUntilMs, leaseEndsMs(state, group) ?? Number.POSITIVE_INFINITY);
  if (hasFreshRead(state, group, group.read.failedMs) && due(state, freeMs)) {
    // Somebody else leads, or only an operator can say who shall.
    if (whyOutside(state, group) !== '') return stopActing(state, group);
    if (!mayCreate(state, group, group.read.failedMs)) return;
    return createNext(state, group, 'acting', { requestId: '', requestedBy: '' });
  }
  const { holder } = group.address;
  if (holder === null || holder.kind === 'free' || isHere(state, group) || group.address.move !== null)
    return;
  if (holder.kind === 'foreign') return stopActing(state, group);
  const known = group.conditions.get(holder.node);
  if (known === undefined || known.callId !== null) return;
  // Somebody else was faster, or it is not ours to take any more.
  if (!isGone(known.condition)) stopActing(state, group);
}

export function stopActing(state: CoreState, group: GroupState): void {
  group.role = { kind: 'standby' };
  group.steppedDownMs = state.nowMs;
  state.heartbeat.urgent = true;
}
