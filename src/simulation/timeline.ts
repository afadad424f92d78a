import type { CallEffect } from '../core/effects.ts';
import type { CallResult } from '../core/events.ts';
import type { Note } from '../core/notes.ts';
import type { TermRecord } from '../core/types.ts';
import { FOREIGN, FREE } from './address-model.ts';
import { describeFault, type Fault } from './fault.ts';
import type { Machine } from './machine.ts';
import type { AddressMove, Observer, ServiceCause } from './observer.ts';
import type { World } from './world.ts';

export interface TimelineOptions {
  /** Also every call and its answer. */
  readonly calls: boolean;
}

/** Writes down what happened, one line each: virtual milliseconds, who, what. */
export class Timeline implements Observer {
  readonly lines: string[] = [];
  readonly #options: TimelineOptions;
  #world: World | null = null;

  constructor(options: TimelineOptions) {
    this.#options = options;
  }

  /** Must be called before the world starts. */
  attach(world: World): void {
    this.#world = world;
  }

  noted(machine: Machine, note: Note): void {
    this.#write(machine.name, describeNote(note));
  }

  called(machine: Machine, call: CallEffect): void {
    if (this.#options.calls && call.type !== 'check-services') {
      this.#write(machine.name, `#${call.id} ${describeCall(call)}`);
    }
  }

  answered(machine: Machine, call: CallEffect, result: CallResult): void {
    if (this.#options.calls && call.type !== 'check-services') {
      this.#write(machine.name, `#${call.id} ${call.type} -> ${describeResult(result)}`);
    }
  }

  termCreated(_group: number, record: TermRecord): void {
    const leases = Object.entries(record.leases).map(([node, ms]) => `${node} ${ms}`);
    const bound = leases.length > 0 ? `, binds ${leases.join(', ')}` : '';
    this.#write(
      'witness',
      `${record.group} term ${record.term} is ${record.owner}'s (${record.reason})${bound}`,
    );
  }

  addressMoved(move: AddressMove): void {
    const by = move.call === null ? 'by hand' : `${move.call.type} of ${this.#name(move.by)}`;
    this.#write(
      'ec2',
      `${this.#group(move.group)} address ${this.#name(move.from)} -> ${this.#name(move.to)}, ${by}`,
    );
  }

  servicesChanged(machine: Machine, group: number, cause: ServiceCause): void {
    const running = machine.services[group]?.running === true ? 'run' : 'do not run';
    this.#write(machine.name, `services of ${this.#group(group)} ${running} (${cause})`);
  }

  machineChanged(machine: Machine, what: string): void {
    this.#write(machine.name, what);
  }

  commanded(machine: Machine, what: string): void {
    this.#write(machine.name, `is told: ${what}`);
  }

  faultBegins(fault: Fault): void {
    this.#write('*', `begins: ${describeFault(fault, this.#world?.terrain.names ?? [])}`);
  }

  faultEnds(fault: Fault): void {
    this.#write('*', `ends: ${describeFault({ ...fault, durationMs: 0 }, this.#world?.terrain.names ?? [])}`);
  }

  healed(): void {
    this.#write('*', 'everything heals');
  }

  #write(who: string, what: string): void {
    const atMs = (this.#world?.nowMs ?? 0).toFixed(0).padStart(7);
    this.lines.push(`${atMs} ${who.padEnd(7)} ${what}`.trimEnd());
  }

  #name(node: number): string {
    if (node === FREE) return 'nobody';
    if (node === FOREIGN) return 'a foreign interface';
    return this.#world?.terrain.names[node] ?? '?';
  }

  #group(group: number): string {
    return this.#world?.terrain.groups[group]?.name ?? '?';
  }
}

function describeNote(note: Note): string {
  const { type, ...facts } = note;
  return [type, ...Object.entries(facts).map(([key, value]) => `${key}=${shown(value)}`)].join(' ');
}

const shown = (value: unknown): string =>
  typeof value === 'number' ? String(Math.round(value)) : JSON.stringify(value).replaceAll('"', '');

function describeCall(call: CallEffect): string {
  switch (call.type) {
    case 'create-term':
      return `create-term ${call.record.term} (${call.record.reason})`;
    case 'read-term':
      return `read-term ${call.term}`;
    case 'read-newest':
      return `read-newest, knows ${call.known}`;
    case 'release-address':
      return `release-address ${call.associationId}`;
    case 'describe-instance':
      return `describe-instance ${call.node}`;
    default:
      return call.type;
  }
}

function describeResult(result: CallResult): string {
  switch (result.type) {
    case 'term-record':
    case 'newest-term':
      return result.record === null ? 'none' : `term ${result.record.term}, ${result.record.owner}'s`;
    case 'address-reading':
      return `${result.holder.kind === 'node' ? result.holder.node : result.holder.kind} ${result.associationId}`;
    case 'address-moved':
      return `moved, ${result.associationId}`;
    case 'failed':
      return `failed: ${result.failure}`;
    case 'instance-condition':
      return result.condition;
    default:
      return result.type;
  }
}
