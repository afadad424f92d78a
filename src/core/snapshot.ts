import { isHere } from './address.ts';
import { askedFromAfar } from './afar.ts';
import { authorityUntil, grantedUntil } from './authority.ts';
import { takeoversOfLate, takeoverWaitMs } from './damping.ts';
import { whyNotChosen } from './eligibility.ts';
import { inMaintenance } from './maintenance.ts';
import { membersOf } from './members.ts';
import type { Departure, MoveRequest, ReportedRole } from './message.ts';
import { roleOf } from './reports.ts';
import type { ServicesState } from './services-state.ts';
import type { CoreState, GroupState } from './state.ts';
import type { AddressHolder, GroupKind, GroupName, Millis, NodeName, Term } from './types.ts';

/** A readable copy of what a node believes, for status, demo and checkers. Times are durations from now. */
export interface CoreSnapshot {
  readonly self: NodeName;
  /** Every configured node, in the order of the configuration. */
  readonly nodes: readonly NodeName[];
  readonly drained: boolean;
  readonly witnessDownForMs: number | null;
  readonly peers: readonly PeerSnapshot[];
  readonly groups: readonly GroupSnapshot[];
}

export interface PeerSnapshot {
  readonly name: NodeName;
  readonly up: boolean;
  /** null: never heard. */
  readonly heardMsAgo: number | null;
  readonly drained: boolean;
  readonly leaving: boolean;
  readonly departure: Departure;
  readonly groups: readonly {
    readonly group: GroupName;
    readonly role: ReportedRole;
    readonly eligible: boolean;
    readonly whyNot: string;
    readonly hasAddress: boolean;
    readonly serving: boolean;
    /** How long it counts a grant, from a leader; else 0. */
    readonly deadtimeMs: Millis;
  }[];
}

export interface GroupSnapshot {
  readonly name: GroupName;
  readonly kind: GroupKind;
  readonly role: ReportedRole;
  readonly term: Term;
  /** '' when no term is known. */
  readonly owner: NodeName;
  readonly requestedBy: string;
  /** Who counts in that term (rule 19), as far as this node knows. */
  readonly members: readonly NodeName[];
  /** Whether this node has authority now, for how long, and what it rests on. */
  readonly authority: {
    readonly held: boolean;
    readonly forMs: number;
    readonly source: 'grants' | 'lease' | 'none';
  };
  readonly address: {
    readonly holder: AddressHolder | null;
    readonly here: boolean;
    /** null: never read. */
    readonly readMsAgo: number | null;
    readonly moving: boolean;
    readonly complaint: string;
  };
  readonly services: Pick<ServicesState, 'status' | 'reason'>;
  readonly maintenance: boolean;
  readonly failures: readonly {
    /** The place of the resource in the group; -1 when it is not known which failed. */
    readonly resource: number;
    readonly count: number;
    readonly reason: string;
    /** For how much longer the node is ineligible because of them; null: it is not. */
    readonly ineligibleForMs: number | null;
  }[];
  /** '' when this node could lead. */
  readonly ineligible: string;
  readonly handover: { readonly target: NodeName; readonly phase: string; readonly why: string } | null;
  /** What an operator asks from afar, as this node read it or the leader says it. */
  readonly request: Pick<MoveRequest, 'kind' | 'target' | 'by'> | null;
  /** Rule 15: the takeovers of the last hour that count, and how much longer the next one waits. */
  readonly takeovers: { readonly lastHour: number; readonly waitMs: number };
}

export function snapshot(state: CoreState): CoreSnapshot {
  return {
    self: state.config.self,
    nodes: state.config.nodes,
    drained: state.drained,
    witnessDownForMs: state.witness.downSinceMs === null ? null : state.nowMs - state.witness.downSinceMs,
    peers: [...state.peers.values()].map((peer) => ({
      name: peer.name,
      up: peer.up,
      heardMsAgo: ago(state, peer.heardMs),
      drained: peer.drained,
      leaving: peer.leaving,
      departure: peer.departure,
      groups: [...peer.reports.values()].map((report) => ({
        group: report.group,
        role: report.role,
        eligible: report.eligible,
        whyNot: report.whyNot,
        hasAddress: report.hasAddress,
        serving: report.serving,
        deadtimeMs: report.deadtimeMs,
      })),
    })),
    groups: [...state.groups.values()].map((group) => groupSnapshot(state, group)),
  };
}

function groupSnapshot(state: CoreState, group: GroupState): GroupSnapshot {
  const forMs = authorityUntil(state, group) - state.ownMs;
  const handover = group.role.kind === 'leading' ? group.role.handover : null;
  return {
    name: group.config.name,
    kind: group.config.kind,
    role: roleOf(state, group),
    term: group.newest?.term ?? (0 as Term),
    owner: group.newest?.owner ?? '',
    requestedBy: group.newest?.requestedBy ?? '',
    members: membersOf(state, group),
    authority: {
      held: forMs > 0,
      forMs: Math.max(0, forMs),
      source: forMs > 0 ? sourceOf(state, group) : 'none',
    },
    address: {
      holder: group.address.holder,
      here: isHere(state, group),
      readMsAgo: ago(state, group.address.begunMs),
      moving: group.address.move !== null,
      complaint: group.address.complaint,
    },
    services: { status: group.services.status, reason: group.services.reason },
    maintenance: inMaintenance(group),
    failures: [...group.services.failures].map(([resource, { times, reason, untilMs }]) => ({
      resource,
      count: times.length,
      reason,
      ineligibleForMs: untilMs === null ? null : Math.max(0, untilMs - state.nowMs),
    })),
    ineligible: whyNotChosen(state, group),
    handover:
      handover === null ? null : { target: handover.target, phase: handover.phase.kind, why: handover.why },
    request: pendingFromAfar(state, group),
    takeovers: {
      lastHour: takeoversOfLate(group, state.nowMs),
      waitMs: takeoverWaitMs(group, state.nowMs),
    },
  };
}

function pendingFromAfar(state: CoreState, group: GroupState): GroupSnapshot['request'] {
  const leader = state.peers.get(group.newest?.owner ?? '');
  const said = leader?.reports.get(group.config.name)?.request ?? null;
  const request = askedFromAfar(state, group) ?? (said?.afar ? said : null);
  return request === null ? null : { kind: request.kind, target: request.target, by: request.by };
}

/** Grants carry it alone when every other node's grant is unexpired; else some lease does. */
function sourceOf(state: CoreState, group: GroupState): 'grants' | 'lease' {
  if (group.role.kind !== 'leading') return 'grants';
  for (const bond of group.role.bonds.values()) {
    if (grantedUntil(group, bond) <= state.ownMs) return 'lease';
  }
  return 'grants';
}

const ago = (state: CoreState, atMs: Millis): number | null =>
  atMs === Number.NEGATIVE_INFINITY ? null : state.nowMs - atMs;
