import type { CallEffect } from '../../core/effects.ts';
import { associationNumber, FREE } from '../address-model.ts';
import { goesAtMs } from '../departure-fault.ts';
import { type Fault, goesOff } from '../fault.ts';
import type { Machine } from '../machine.ts';
import type { AddressMove } from '../observer.ts';
import type { World } from '../world.ts';
import type { Checker, Report } from './checker.ts';

/** How long after a machine came back somebody may still act on a description of before. */
const WORD_LASTS_MS = 10_000;

/**
 * S4: no change is sent to EC2 without authority, or, by a node that acts, to an address that is free or on an
 * instance that was down. S3 for `exclusive` groups: no call of an old term takes the address from a later
 * leader, and none reassociates.
 */
export class AuthorisedChanges implements Checker {
  readonly #report: Report;
  #world: World | null = null;
  /** Until when EC2's word that a machine is stopped may be acted upon, per machine. */
  readonly #stoppedUntilMs = new Map<number, number>();
  /** In which term each change was sent. */
  readonly #terms = new WeakMap<CallEffect, number>();

  constructor(report: Report) {
    this.#report = report;
  }

  attach(world: World): void {
    this.#world = world;
  }

  faultBegins(fault: Fault): void {
    const goes = goesOff(fault) || (fault.class === 'departure' && goesAtMs(fault) !== null);
    if (!goes) return;
    const untilMs = fault.atMs + fault.durationMs + WORD_LASTS_MS;
    this.#stoppedUntilMs.set(fault.node, Math.max(untilMs, this.#stoppedUntilMs.get(fault.node) ?? 0));
  }

  called(machine: Machine, call: CallEffect): void {
    if (
      call.type !== 'take-address' &&
      call.type !== 'take-free-address' &&
      call.type !== 'release-address'
    ) {
      return;
    }
    const world = this.#world as World;
    const { daemon } = machine;
    if (daemon === null) return;
    const { role, term } = world.core.view(daemon.state, call.group);
    this.#terms.set(call, term);
    const group = world.terrain.groups[world.groupIndex(call.group)];
    if (group?.kind === 'exclusive' && call.type === 'take-address') {
      this.#complain('S3', `${machine.name} reassociates the address of an exclusive group`);
    }
    if (world.core.hasAuthority(daemon.state, call.group, machine.clock.at(world.nowMs))) return;
    if (role === 'acting') return this.#checkActing(machine, call);
    this.#complain('S4', `${machine.name} sends ${call.type} as ${role}, without authority`);
  }

  addressMoved(move: AddressMove): void {
    const world = this.#world as World;
    const group = world.terrain.groups[move.group];
    if (group?.kind !== 'exclusive' || move.from < 0 || move.call === null || move.from === move.by) return;
    const victim = world.machines[move.from] as Machine;
    if (victim.daemon === null) return;
    if (!world.core.hasAuthority(victim.daemon.state, group.name, victim.clock.at(world.nowMs))) return;
    const { term } = world.core.view(victim.daemon.state, group.name);
    if (term <= (this.#terms.get(move.call) ?? 0)) return;
    const by = world.machines[move.by]?.name;
    this.#complain(
      'S3',
      `an old ${move.call.type} of ${by} takes the address from ${victim.name}, leader of ${term}`,
    );
  }

  #checkActing(machine: Machine, call: CallEffect): void {
    const world = this.#world as World;
    const index = world.groupIndex(call.group);
    if (world.terrain.groups[index]?.kind === 'exclusive') {
      this.#complain('S4', `${machine.name} acts in an exclusive group`);
    }
    if (call.type === 'take-address') this.#complain('S4', `${machine.name} reassociates while acting`);
    if (call.type !== 'release-address') return;
    const { holder, id } = world.desk.addresses[index]?.now ?? { holder: FREE, id: 0 };
    if (associationNumber(call.associationId) !== id || holder < 0) return;
    if (world.nowMs <= (this.#stoppedUntilMs.get(holder) ?? 0)) return;
    this.#complain(
      'S4',
      `${machine.name}, acting, releases the address of ${world.terrain.names[holder]}, which runs`,
    );
  }

  #complain(rule: string, what: string): void {
    this.#report({ rule, atMs: (this.#world as World).nowMs, what });
  }
}
