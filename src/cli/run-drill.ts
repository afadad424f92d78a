import { setTimeout as sleep } from 'node:timers/promises';
import { type ControlClient, ControlError } from '../control/client.ts';
import { EXIT } from '../control/exit-codes.ts';
import type { ControlResult } from '../control/protocol.ts';
import type { GroupStatus, StatusSnapshot } from '../control/status-snapshot.ts';
import { movePlan } from './move-plan.ts';
import { whyUnready } from './readiness.ts';

export interface DrillMove {
  readonly from: string;
  readonly to: string;
  /** From the command to the verdict. */
  readonly tookMs: number;
  /** As the node that was asked knows them; null: it did not measure them, since another took over. */
  readonly phases: NonNullable<GroupStatus['lastChange']>['phases'];
  /** What was not as it should be afterwards. */
  readonly problems: readonly string[];
}

export interface DrillReport {
  readonly group: string;
  readonly moves: readonly DrillMove[];
  /** Why it was refused or broken off; '' when it came to its end. */
  readonly reason: string;
  readonly exitCode: number;
  /** Who leads now; where that is not known any more, who led last. */
  readonly leader: string | null;
  /** The daemon did not answer at the end, so `leader` is of before. */
  readonly stale: boolean;
}

export interface Drill {
  readonly client: ControlClient;
  readonly group: string;
  readonly target: string;
  readonly timeoutMs: number;
  /** Aborted when the operator gives up: no further move is begun. */
  readonly signal: AbortSignal;
}

/** For the address to be seen and what runs to be told, after the verdict. */
const SETTLE_MS = 20_000;
const LOOK_EVERY_MS = 200;

/** The reasons against a switchover and the way back: whoever could not lead, were it needed meanwhile. */
export function whyNoDrill(snapshot: StatusSnapshot, group: GroupStatus, target: string): readonly string[] {
  if (group.maintenance) {
    return [`${group.name} is in maintenance (eipkeeper maintenance off ${group.name} ends it)`];
  }
  const { obstacles } = movePlan(snapshot, { group, target, kind: 'switchover' });
  return [...new Set([...whyUnready(snapshot, group.name), ...obstacles])];
}

/**
 * There and back. A way there that fails is not gone back; everything is told, also when the daemon ends on the way.
 * Throws ControlError when it could not be asked at all.
 */
export async function runDrill({ client, group, target, timeoutMs, signal }: Drill): Promise<DrillReport> {
  const moves: DrillMove[] = [];
  const report = async (reason: string, exitCode: number, last: string): Promise<DrillReport> => ({
    group,
    moves,
    reason,
    exitCode,
    ...(await leaderNow(client, group, last)),
  });
  const home = groupIn(await client.status(), group)?.leader ?? '';
  for (const [from, to] of [
    [home, target],
    [target, home],
  ] as const) {
    if (signal.aborted) {
      const back = `; "eipkeeper switchover --group ${group} --to ${home}" brings it back`;
      return report(`given up${from === home ? '' : back}`, EXIT.error, from);
    }
    const startedMs = performance.now();
    const { status, reason, exitCode } = await verdictOn(client, { group, target: to, timeoutMs });
    const tookMs = Math.round(performance.now() - startedMs);
    if (status !== 'done') return report(`${from} → ${to}: ${reason}`, exitCode, from);
    moves.push(await settled(client, { group, from, to, tookMs }, signal));
  }
  if (moves.at(-1)?.problems.includes(notLookedAt(GIVEN_UP))) return report(GIVEN_UP, EXIT.error, home);
  const isRight = moves.every(({ problems }) => problems.length === 0);
  return report('', isRight ? EXIT.ok : EXIT.error, home);
}

/** A daemon that ends meanwhile has failed to move it. */
async function verdictOn(
  client: ControlClient,
  move: Pick<Drill, 'group' | 'target' | 'timeoutMs'>,
): Promise<Pick<ControlResult, 'status' | 'reason' | 'exitCode'>> {
  try {
    return await client.command({ type: 'move', kind: 'switchover', ...move });
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return { status: 'failed', reason: error.message, exitCode: error.exitCode };
  }
}

async function leaderNow(
  client: ControlClient,
  group: string,
  last: string,
): Promise<Pick<DrillReport, 'leader' | 'stale'>> {
  try {
    return { leader: groupIn(await client.status(), group)?.leader ?? null, stale: false };
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return { leader: last, stale: true };
  }
}

type Moved = Pick<DrillMove, 'from' | 'to' | 'tookMs'> & { readonly group: string };

/** A daemon that ends meanwhile does not take back its verdict: the move came about. */
async function settled(client: ControlClient, moved: Moved, signal: AbortSignal): Promise<DrillMove> {
  try {
    return await untilRight(client, moved, signal);
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return unseen(moved, error.message);
  }
}

const GIVEN_UP = 'given up';
const notLookedAt = (why: string): string => `not looked at further: ${why}`;

const unseen = ({ from, to, tookMs }: Moved, why: string): DrillMove => ({
  from,
  to,
  tookMs,
  phases: null,
  problems: [notLookedAt(why)],
});

/** Waits until the status shows what should be, and tells what it does not show in time. */
async function untilRight(client: ControlClient, moved: Moved, signal: AbortSignal): Promise<DrillMove> {
  const { group, from, to, tookMs } = moved;
  const untilMs = performance.now() + SETTLE_MS;
  for (;;) {
    const snapshot = await client.status();
    const found = groupIn(snapshot, group);
    const problems =
      found === undefined ? [`there is no group ${group} any more`] : wrongWith(found, to, snapshot);
    if (problems.length === 0 || performance.now() > untilMs) {
      const phases = snapshot.node === to ? (found?.lastChange?.phases ?? null) : null;
      return { from, to, tookMs, phases, problems };
    }
    if (signal.aborted) return unseen(moved, GIVEN_UP);
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

function wrongWith(group: GroupStatus, to: string, snapshot: StatusSnapshot): string[] {
  const problems: string[] = [];
  if (group.leader !== to) problems.push(`${group.leader ?? 'nobody'} leads`);
  if (group.address.holder !== null && group.address.holder !== to)
    problems.push(`the address is on ${group.address.holder}`);
  if (group.handover !== null) problems.push(`a handover to ${group.handover.target} is under way`);
  if (group.address.complaint !== '') problems.push(group.address.complaint);
  if (snapshot.node === to) {
    const down = group.resources.filter(({ state }) => state !== 'started');
    problems.push(...down.map(({ name, state, reason }) => `${name} is ${state}${reason && `: ${reason}`}`));
  }
  return [...problems, ...whyUnready(snapshot, group.name)];
}

const groupIn = ({ groups }: StatusSnapshot, name: string): GroupStatus | undefined =>
  groups.find((group) => group.name === name);
