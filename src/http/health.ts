import type { GroupStatus, StatusSnapshot } from '../control/status-snapshot.ts';

/** What a load balancer or a probe asks. docs/http.md says the same in words. */
export const CHECKS = ['leader', 'standby', 'health', 'readiness'] as const;
export type Check = (typeof CHECKS)[number];

export interface HealthReport {
  readonly check: Check;
  readonly ok: boolean;
  /** The node that was asked. */
  readonly node: string;
  readonly groups: readonly GroupHealth[];
}

export interface GroupHealth {
  readonly name: string;
  readonly ok: boolean;
  readonly role: GroupStatus['role'];
  /** null: none is known. */
  readonly leader: string | null;
  readonly term: number;
  /** Why not, in a sentence; '' when `ok`. */
  readonly reason: string;
}

/** The check of one group, or of all of them when `group` is null. Null: there is no such group. */
export function healthReport(
  check: Check,
  snapshot: StatusSnapshot,
  group: string | null,
): HealthReport | null {
  const asked = snapshot.groups.filter(({ name }) => group === null || name === group);
  if (asked.length === 0) return null;
  const groups = asked.map((each) => groupHealth(check, each, snapshot));
  return { check, ok: groups.every(({ ok }) => ok), node: snapshot.node, groups };
}

function groupHealth(check: Check, group: GroupStatus, snapshot: StatusSnapshot): GroupHealth {
  const { name, role, leader, term } = group;
  const reason = PROBLEMS[check](group, snapshot);
  return { name, ok: reason === '', role, leader, term, reason };
}

const PROBLEMS: Readonly<Record<Check, (group: GroupStatus, snapshot: StatusSnapshot) => string>> = {
  leader: whyNotLeader,
  standby: whyNotStandby,
  health: whyNotWell,
  readiness: whyNotReady,
};

/** What serves without a term leads as well: the word of EC2 is its authority (rule 16). */
const leads = ({ role }: GroupStatus): boolean =>
  role === 'leading' || role === 'yielding' || role === 'acting';

function whyNotLeader(group: GroupStatus, { node }: StatusSnapshot): string {
  if (!leads(group)) return group.leader === null ? 'nobody leads' : `${group.leader} leads`;
  if (group.role === 'acting' || group.authority.held) return '';
  return `${node} cannot prove any more that it leads`;
}

function whyNotStandby(group: GroupStatus, snapshot: StatusSnapshot): string {
  if (leads(group)) return `${snapshot.node} leads`;
  if (group.role !== 'standby') return `${snapshot.node} is ${group.role}`;
  return whyNotEligible(group, snapshot);
}

function whyNotWell(group: GroupStatus, { node }: StatusSnapshot): string {
  const failed = group.resources.find(({ state }) => state === 'failed');
  if (failed !== undefined) return `${failed.name}: ${failed.reason || 'it failed'}`;
  if (!leads(group)) return '';
  const missing = group.resources.find(({ state }) => state !== 'started');
  return missing === undefined ? '' : `${missing.name} is not started on ${node}: ${missing.state}`;
}

function whyNotReady(group: GroupStatus, snapshot: StatusSnapshot): string {
  const { node } = snapshot;
  const state = snapshot.nodes.find(({ self }) => self)?.state;
  if (state === 'standby') return `${node} is in standby (eipkeeper online ends that)`;
  if (leads(group)) return whyNotLeader(group, snapshot) || whyNotWell(group, snapshot);
  if (group.role !== 'standby') return `${node} is ${group.role}`;
  return whyNotEligible(group, snapshot);
}

function whyNotEligible(group: GroupStatus, { node }: StatusSnapshot): string {
  const own = group.candidates.find((candidate) => candidate.node === node);
  if (own === undefined) return `${node} is none of the nodes of this group`;
  return own.eligible ? '' : own.reason;
}
