import { setTimeout as sleep } from 'node:timers/promises';
import { type ControlClient, ControlError } from '../control/client.ts';
import { EXIT, type ExitCode } from '../control/exit-codes.ts';
import type { ControlResult } from '../control/protocol.ts';
import type { GroupStatus, StatusSnapshot } from '../control/status-snapshot.ts';
import { movePlan } from './move-plan.ts';

/** When nothing could leave for so long, nothing will before something else changes. */
const STUCK_MS = 10_000;
/** Status comes every 2 s at least. A longer pause is one of the daemon or of this process: nobody looked. */
const UNSEEN_MS = 3_000;
const LOOK_EVERY_MS = 200;

/**
 * After the daemon has confirmed that its node is in standby: waits until none of its groups is here any more, or
 * nothing can leave. Throws nothing that the daemon is to blame for: the node stays in standby whatever becomes of it.
 */
export async function waitUntilLeft(
  client: ControlClient,
  interrupted: AbortSignal,
  timeoutMs: number,
): Promise<ControlResult> {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, interrupted, AbortSignal.timeout(timeoutMs)]);
  const seen: { last: StatusSnapshot | null } = { last: null };
  let seenMs = performance.now();
  let couldLeaveMs = seenMs;
  const see = (snapshot: StatusSnapshot): void => {
    const nowMs = performance.now();
    const here = groupsHere(snapshot);
    const mayLeave = here.some((group) => whyItStays(group, snapshot) === null);
    if (mayLeave || nowMs - seenMs > UNSEEN_MS) couldLeaveMs = nowMs;
    seenMs = nowMs;
    seen.last = snapshot;
    if (here.length === 0 || isOnlineAgain(snapshot) || nowMs - couldLeaveMs > STUCK_MS) over.abort();
  };
  try {
    await follow(client, see, signal);
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return failed(`it is set; what became of its groups is not known: ${error.message}`, error.exitCode);
  }
  return verdict(seen.last, interrupted.aborted);
}

/** When too many watch already, it asks instead. */
async function follow(
  client: ControlClient,
  see: (snapshot: StatusSnapshot) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.watch(see, signal);
  } catch (error) {
    if (!(error instanceof ControlError) || error.exitCode !== EXIT.tryAgain) throw error;
    while (!signal.aborted) {
      see(await client.status());
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
    }
  }
}

function verdict(last: StatusSnapshot | null, isInterrupted: boolean): ControlResult {
  if (last !== null && isOnlineAgain(last)) {
    return failed('it was set, but somebody typed "eipkeeper online" meanwhile', EXIT.error);
  }
  const here = last === null ? [] : groupsHere(last);
  if (last !== null && here.length === 0) {
    return { type: 'result', status: 'done', reason: '', exitCode: EXIT.ok };
  }
  const beginning = isInterrupted ? 'it stays set, and is no longer waited for' : 'it is set';
  const where =
    last === null ? 'the daemon has not said what became of its groups' : whereTheyAre(here, last);
  return { type: 'result', status: 'timeout', reason: `${beginning}, but ${where}`, exitCode: EXIT.timeout };
}

function whereTheyAre(here: readonly GroupStatus[], snapshot: StatusSnapshot): string {
  const groups = here.map((group) => whereItIs(group, snapshot)).join(', ');
  const staying = here.some((group) => group.handover === null && !isLedElsewhere(group, snapshot));
  return staying ? `${groups}; what stays leaves when another node can take it` : groups;
}

/** "web stays here (aux could not lead: its nginx failed)". */
function whereItIs(group: GroupStatus, snapshot: StatusSnapshot): string {
  const { name, leader, role, handover, address } = group;
  if (handover !== null) return `${name} is on its way to ${handover.target}`;
  if (isLedElsewhere(group, snapshot)) {
    return `${name} is led by ${leader} and ${address.here ? 'its address is still here' : `still ${role} here`}`;
  }
  const reasons = whyItStays(group, snapshot);
  return reasons === null
    ? `${name} is still here (nothing is known to be in the way)`
    : `${name} stays here (${reasons.length === 0 ? 'there is no other node' : reasons.join('; ')})`;
}

/** What keeps every other node from taking it; null: one may, or something passing is all that is in the way. */
function whyItStays(group: GroupStatus, snapshot: StatusSnapshot): readonly string[] | null {
  if (group.handover !== null || isLedElsewhere(group, snapshot)) return null;
  const plans = group.candidates
    .filter(({ node }) => node !== snapshot.node)
    .map(({ node }) => movePlan(snapshot, { group, target: node, kind: 'switchover' }));
  if (plans.some(({ exitCode }) => exitCode === EXIT.ok || exitCode === EXIT.tryAgain)) return null;
  return [...new Set(plans.flatMap(({ obstacles }) => obstacles))];
}

/** Those that would be missed if this machine went now. */
const groupsHere = ({ groups, node }: StatusSnapshot): readonly GroupStatus[] =>
  groups.filter(({ leader, role, address }) => leader === node || ACTIVE.has(role) || address.here);

const ACTIVE: ReadonlySet<GroupStatus['role']> = new Set(['claiming', 'leading', 'yielding', 'acting']);

const isLedElsewhere = ({ leader }: GroupStatus, { node }: StatusSnapshot): boolean =>
  leader !== null && leader !== node;

/** The daemon confirms only what its status shows from then on. */
const isOnlineAgain = ({ nodes }: StatusSnapshot): boolean =>
  nodes.some(({ self, state }) => self && state !== 'standby');

const failed = (reason: string, exitCode: ExitCode): ControlResult => ({
  type: 'result',
  status: 'failed',
  reason,
  exitCode,
});
