import type { CallEffect, Effect } from '../core/effects.ts';
import type { CallResult, Command, OwnDeparture } from '../core/events.ts';
import type { PeerMessage } from '../core/message.ts';
import type { Incarnation, InstanceCondition, NodeName } from '../core/types.ts';
import type { Session } from '../wire/session.ts';
import type { Packet } from './network.ts';
import type { NodeClock } from './node-clock.ts';
import type { ServiceModel } from './service-model.ts';

/** How many datagrams wait in the socket of a daemon that does not read; the rest is dropped. */
export const SOCKET_BUFFER = 200;

/** A call that a daemon made, until it is answered. */
export interface OpenCall {
  readonly machine: Machine;
  readonly daemon: Daemon;
  readonly effect: CallEffect;
  readonly group: number;
  readonly sentMs: number;
  readonly deadlineMs: number;
  answered: boolean;
}

/** One run of the program. It ends with a crash, an exit, or the power of its machine. */
export interface Daemon {
  readonly incarnation: Incarnation;
  readonly state: unknown;
  readonly session: Session<PeerMessage>;
  readonly startedMs: number;
  /** It is a version that does not know the newest fields of messages. */
  readonly older: boolean;
  /** When the core wants its next tick, in virtual time, with the lateness of a timer. */
  wakeMs: number;
  /** Steps taken at one instant, to notice a core that never rests. */
  idleSteps: number;
  /** How many faults keep it from running (SIGSTOP, a blocked event loop). */
  frozen: number;
  readonly inbox: Packet[];
  readonly results: { readonly call: OpenCall; result: CallResult }[];
  readonly commands: Command[];
}

/** Hears from the daemon when authority over an exclusive group ends, and kills its services then. */
export interface Guard {
  /** In boottime; null: not armed. */
  deadlineMs: number | null;
  /** The same in virtual time; Infinity when not armed. */
  firesMs: number;
}

/** One key signs; two may be valid while operators change them. */
export interface Keys {
  readonly signing: number;
  readonly accepted: readonly number[];
}

export interface Machine {
  readonly index: number;
  readonly name: NodeName;
  /** A replacement that takes over the name has another. */
  instanceId: string;
  /** The keys of its messages, by number, on disk like its configuration. */
  keys: Keys;
  readonly clock: NodeClock;
  readonly services: readonly ServiceModel[];
  readonly guards: readonly Guard[];
  powered: boolean;
  /** Suspended or stopped by its hypervisor: nothing runs on it, the services included. */
  standing: boolean;
  daemon: Daemon | null;
  /** How many faults keep the daemon from being started again. */
  heldDown: number;
  disk: Extract<Effect, { type: 'persist' }> | null;
  /** What EC2 says of the instance, before and from `visibleMs`. */
  condition: InstanceCondition;
  conditionBefore: InstanceCondition;
  conditionVisibleMs: number;
  /** Why the node could not lead, by group; told to a daemon when it starts. */
  readonly ineligible: string[];
  /** The daemon stood still when that changed. */
  healthUntold: boolean;
  /** What its metadata say of its end. */
  departure: OwnDeparture;
  /** The daemon did not run when that changed. */
  departureUntold: boolean;
  /** How many ping nodes it does not reach, by fault; null until the first such fault: it watches none. */
  pingsLost: number[] | null;
  reachUntold: boolean;
  /** Nodes that its file does not name, by fault. */
  readonly unlisted: NodeName[];
  /** The daemon did not run when that changed. */
  fileUnread: boolean;
  /** Sent to the next daemon once it runs. */
  readonly waitingCommands: Command[];
}

export const isHalted = (machine: Machine): boolean =>
  machine.standing || (machine.daemon !== null && machine.daemon.frozen > 0);

export function conditionSeen(machine: Machine, nowMs: number): InstanceCondition {
  return nowMs >= machine.conditionVisibleMs ? machine.condition : machine.conditionBefore;
}
