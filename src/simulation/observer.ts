import type { CallEffect } from '../core/effects.ts';
import type { CallResult } from '../core/events.ts';
import type { Note } from '../core/notes.ts';
import type { TermRecord } from '../core/types.ts';
import type { Fault } from './fault.ts';
import type { Machine } from './machine.ts';
import type { Packet } from './network.ts';
import type { WrittenRequest } from './request-model.ts';

/** Why the services of a machine started or stopped running. */
export type ServiceCause = 'started' | 'stopped' | 'died' | 'guard' | 'power';

export interface AddressMove {
  readonly group: number;
  readonly from: number;
  readonly to: number;
  /** The call that did it, or null when it was moved by hand. */
  readonly call: CallEffect | null;
  /** Index of the node that sent the call; -1 by hand. */
  readonly by: number;
  /** When the call was sent; now when moved by hand. */
  readonly sentMs: number;
}

/** Who watches a world: checkers, the timeline, the counters. Each implements what it needs. */
export interface Observer {
  stepped?(machine: Machine): void;
  /** After the step that asked for it. */
  called?(machine: Machine, call: CallEffect): void;
  answered?(machine: Machine, call: CallEffect, result: CallResult): void;
  /** The sessions of a daemon believed the message in a datagram. */
  delivered?(machine: Machine, datagram: Packet): void;
  dropped?(machine: Machine, why: string): void;
  noted?(machine: Machine, note: Note): void;
  termCreated?(group: number, record: TermRecord): void;
  addressMoved?(move: AddressMove): void;
  servicesChanged?(machine: Machine, group: number, cause: ServiceCause): void;
  /** Process or power of a machine changed. */
  machineChanged?(machine: Machine, what: string): void;
  commanded?(machine: Machine, what: string): void;
  /** An operator writes into the witness. */
  requested?(request: WrittenRequest): void;
  faultBegins?(fault: Fault): void;
  faultEnds?(fault: Fault): void;
  healed?(): void;
}
