import type { CallEffect, Effect } from '../core/effects.ts';
import type { CallResult, Command, CoreEvent } from '../core/events.ts';
import type { PeerMessage } from '../core/message.ts';
import type { Incarnation } from '../core/types.ts';
import type { SessionOutput } from '../wire/session-contract.ts';
import { CallDesk } from './call-desk.ts';
import type { CoreUnderTest } from './core-under-test.ts';
import { EventQueue } from './event-queue.ts';
import type { Fault, FaultClass } from './fault.ts';
import { fireGuards, tellGuards } from './guards.ts';
import { inflict } from './inflict.ts';
import { type Daemon, isHalted, type Machine, type OpenCall } from './machine.ts';
import { Mail } from './mail.ts';
import { fileOf, readFileAgain } from './membership-faults.ts';
import { Network, type Packet } from './network.ts';
import { newMachine } from './new-machine.ts';
import type { Observer, ServiceCause } from './observer.ts';
import { reachOf } from './ping-fault.ts';
import { Prng } from './prng.ts';
import type { Terrain } from './terrain.ts';

/** Everything that waits in the queue of the world. */
export type Happening =
  | Packet
  | { readonly type: 'call-lands'; readonly call: OpenCall; readonly answersMs: number }
  | { readonly type: 'call-answers'; readonly call: OpenCall; readonly result: CallResult }
  | { readonly type: 'call-expires'; readonly call: OpenCall }
  | { readonly type: 'do'; readonly action: () => void };

type Delivery = Extract<SessionOutput<PeerMessage>, { type: 'deliver' }>;

/** A core that asks for so many ticks without time passing is stuck. */
const IDLE_STEPS_MOST = 1_000;
/** Ten times what the busiest cluster does over a whole schedule. */
const STEPS_A_SECOND_MOST = 5_000;
/** Node's timers are never shorter. */
const TIMER_LEAST_MS = 1;
const RESTART_AFTER_EXIT_MS = 1_000;
/** A look at the processes every 50 ms, and the event's way. */
const NOTICED_AFTER_MS = 55;

/**
 * A cluster in virtual time around the real core: machines, network, witness and EC2. It judges nothing;
 * observers do. Everything that happens follows from the terrain, the faults and the seed.
 */
export class World {
  readonly core: CoreUnderTest;
  readonly terrain: Terrain;
  readonly machines: readonly Machine[];
  readonly network: Network;
  readonly mail: Mail;
  readonly desk: CallDesk;
  readonly queue = new EventQueue<Happening>();
  readonly observers: readonly Observer[];
  /** For everything about processes and machines that is not planned. */
  readonly random: Prng;
  nowMs = 0;
  steps = 0;
  /** Set when the core threw or never rested: the world stands still from then on. */
  broken: string | null = null;
  readonly #active = new Map<Fault, () => void>();
  readonly #groupIndex: ReadonlyMap<string, number>;
  readonly #stepWatchers: readonly Observer[];
  readonly #readers: readonly Observer[];

  constructor(options: {
    core: CoreUnderTest;
    terrain: Terrain;
    seed: number;
    observers: readonly Observer[];
  }) {
    const { core, terrain, seed, observers } = options;
    this.core = core;
    this.terrain = terrain;
    this.observers = observers;
    this.#stepWatchers = observers.filter((observer) => observer.stepped !== undefined);
    this.#readers = observers.filter((observer) => observer.delivered !== undefined);
    this.random = new Prng(seed, 'machines');
    this.network = new Network({
      nodes: terrain.names.length,
      paths: terrain.paths,
      baseDelayMs: terrain.networkDelayMs,
      jitterMs: terrain.networkJitterMs,
      random: new Prng(seed, 'network'),
    });
    this.#groupIndex = new Map(terrain.groups.map((group, index) => [group.name, index]));
    this.machines = terrain.names.map((_, index) => newMachine(terrain, index, this.random));
    this.desk = new CallDesk(this, seed);
    this.mail = new Mail(this, seed);
  }

  /** Boots the cluster and plans the faults. */
  start(faults: readonly Fault[]): void {
    for (const machine of this.machines) {
      this.at(this.terrain.startsMs[machine.index] ?? 0, () => this.startDaemon(machine));
    }
    for (const fault of faults) this.plan(fault);
  }

  plan(fault: Fault): void {
    this.at(fault.atMs, () => this.#begin(fault));
  }

  at(virtualMs: number, action: () => void): void {
    this.queue.push(virtualMs, { type: 'do', action });
  }

  after(delayMs: number, action: () => void): void {
    this.at(this.nowMs + delayMs, action);
  }

  groupIndex(name: string): number {
    return this.#groupIndex.get(name) as number;
  }

  runUntil(endMs: number): void {
    while (this.broken === null) {
      let due: Machine | null = null;
      let dueMs = this.queue.nextMs;
      let guard = false;
      for (const machine of this.machines) {
        const { daemon } = machine;
        if (daemon !== null && daemon.wakeMs < dueMs && !isHalted(machine)) {
          due = machine;
          dueMs = daemon.wakeMs;
          guard = false;
        }
        if (machine.standing) continue;
        for (const { firesMs } of machine.guards) {
          if (firesMs <= dueMs) {
            due = machine;
            dueMs = firesMs;
            guard = true;
          }
        }
      }
      if (dueMs > endMs) break;
      this.nowMs = Math.max(this.nowMs, dueMs);
      if (due === null) this.#happen(this.queue.pop());
      else if (guard) fireGuards(this, due);
      else this.step(due, { type: 'tick', at: due.clock.at(this.nowMs) });
    }
    this.nowMs = Math.max(this.nowMs, endMs);
  }

  /** Ends every fault, starts everything that is down, and takes back what operators did. */
  heal(): void {
    for (const fault of [...this.#active.keys()]) this.#end(fault);
    for (const observer of this.observers) observer.healed?.();
  }

  /** Ends the faults of a class on a node, or on any when `node` is null. */
  endFaults(name: FaultClass, node: number | null): void {
    for (const fault of [...this.#active.keys()]) {
      if (fault.class === name && (node === null || fault.node === node)) this.#end(fault);
    }
  }

  step(machine: Machine, event: CoreEvent): void {
    const daemon = machine.daemon as Daemon;
    this.steps++;
    if (this.steps > STEPS_A_SECOND_MOST * (this.nowMs / 1_000 + 10)) {
      this.broken = 'the nodes drive each other on and on';
      return;
    }
    let effects: Effect[];
    try {
      effects = this.core.step(daemon.state, event);
      if (machine.guards.length > 0) tellGuards(this, machine, daemon);
      for (const effect of effects) this.#perform(machine, daemon, effect);
      if (machine.daemon === daemon) this.#setTimer(machine, daemon, event.type === 'tick');
    } catch (error) {
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.broken = `the core of ${machine.name} threw: ${what}`;
      return;
    }
    for (const observer of this.#stepWatchers) observer.stepped?.(machine);
    for (const effect of effects) if ('deadlineMs' in effect) this.#watchCall(machine, effect);
  }

  answer(call: OpenCall, result: CallResult): void {
    const { machine, daemon } = call;
    if (call.answered || machine.daemon !== daemon) return;
    call.answered = true;
    if (isHalted(machine)) {
      daemon.results.push({ call, result });
      return;
    }
    for (const observer of this.observers) observer.answered?.(machine, call.effect, result);
    this.step(machine, { type: 'call-result', at: machine.clock.at(this.nowMs), id: call.effect.id, result });
  }

  command(machine: Machine, command: Command): void {
    const { daemon } = machine;
    if (daemon === null) return;
    if (isHalted(machine)) daemon.commands.push(command);
    else this.step(machine, { type: 'command', at: machine.clock.at(this.nowMs), command });
  }

  startDaemon(machine: Machine): void {
    if (!machine.powered || machine.standing || machine.daemon !== null || machine.heldDown > 0) return;
    machine.clock.daemonStarted(this.nowMs);
    machine.fileUnread = false;
    const at = machine.clock.at(this.nowMs);
    const lost = this.random.chance(this.terrain.diskLost);
    const incarnation = this.random.hex16() as Incarnation;
    const state = this.core.createCore({
      config: fileOf(this.terrain, machine),
      incarnation,
      at,
      seed: this.random.bits(),
      highestTerms: (lost ? null : machine.disk)?.highestTerms ?? {},
      triedTerms: (lost ? null : machine.disk)?.triedTerms ?? {},
      drained: (lost ? null : machine.disk)?.drained ?? false,
      maintenance: (lost ? null : machine.disk)?.maintenance ?? {},
    });
    machine.daemon = {
      incarnation,
      state,
      session: this.mail.open(machine, incarnation),
      startedMs: this.nowMs,
      older: this.mail.drawOlder(),
      wakeMs: this.nowMs,
      idleSteps: 0,
      frozen: 0,
      inbox: [],
      results: [],
      commands: [],
    };
    for (const observer of this.observers) observer.machineChanged?.(machine, 'daemon starts');
    this.mail.greet(machine, machine.daemon);
    this.step(machine, { type: 'tick', at });
    this.tellHealth(machine);
    if (machine.departure.grade !== 'none') this.tellDeparture(machine);
    this.tellReach(machine);
    for (const command of machine.waitingCommands.splice(0)) this.command(machine, command);
  }

  /** Kills the daemon; its services go on. Who brought it back online without an answer tells the next one. */
  endDaemon(machine: Machine, what: string): void {
    if (machine.daemon === null) return;
    const unheard = machine.daemon.commands.filter(({ type }) => type === 'set-drained');
    machine.waitingCommands.push(...unheard);
    machine.daemon = null;
    for (const observer of this.observers) observer.machineChanged?.(machine, what);
  }

  /** The daemon ends by itself; systemd starts it again, unless an operator stopped it. */
  exit(machine: Machine, what: string): void {
    this.endDaemon(machine, what);
    if (machine.heldDown === 0) this.after(RESTART_AFTER_EXIT_MS, () => this.startDaemon(machine));
  }

  /** The sessions believe a message. */
  deliver(machine: Machine, datagram: Packet, { from, incarnation, path, payload }: Delivery): void {
    for (const observer of this.#readers) observer.delivered?.(machine, datagram);
    const at = machine.clock.at(this.nowMs);
    this.step(machine, { type: 'message', at, from, incarnation, path, message: payload });
  }

  dropped(machine: Machine, why: string): void {
    for (const observer of this.observers) observer.dropped?.(machine, why);
  }

  /** The shell found out which groups the node could lead. */
  tellHealth(machine: Machine): void {
    machine.healthUntold = machine.daemon === null || isHalted(machine);
    if (machine.healthUntold) return;
    machine.ineligible.forEach((ineligible, group) => {
      const health = { group: this.terrain.groups[group]?.name as string, ineligible };
      this.step(machine, { type: 'local-health', at: machine.clock.at(this.nowMs), health });
    });
  }

  /** The shell read the machine's metadata. */
  tellDeparture(machine: Machine): void {
    machine.departureUntold = machine.daemon === null || isHalted(machine);
    if (machine.departureUntold) return;
    const { clock, departure } = machine;
    this.step(machine, { type: 'departure', at: clock.at(this.nowMs), departure });
  }

  /** The shell counted the ping nodes that answer. */
  tellReach(machine: Machine): void {
    machine.reachUntold = machine.daemon === null || isHalted(machine);
    if (machine.reachUntold || machine.pingsLost === null) return;
    const at = machine.clock.at(this.nowMs);
    this.step(machine, { type: 'reach', at, reach: reachOf(machine.pingsLost) });
  }

  setServices(machine: Machine, group: number, running: boolean, cause: ServiceCause): void {
    const services = machine.services[group];
    if (services === undefined || services.running === running) return;
    services.running = running;
    for (const observer of this.observers) observer.servicesChanged?.(machine, group, cause);
    if (cause === 'died') this.noticeSoon(machine, group);
  }

  /** The monitor of the group looks a moment later; one that hangs, or a daemon that stands still, sees nothing. */
  noticeSoon(machine: Machine, group: number): void {
    this.after(NOTICED_AFTER_MS, () => {
      const services = machine.services[group];
      if (machine.daemon === null || isHalted(machine) || services === undefined || services.well) return;
      if (this.random.chance(services.troubles.checkHangs)) return;
      const name = this.terrain.groups[group]?.name as string;
      const unwell = { resource: 0, reason: `simulated: ${services.running ? 'sick' : 'dead'}` };
      this.step(machine, { type: 'services-unwell', at: machine.clock.at(this.nowMs), group: name, unwell });
    });
  }

  /** Called when a halt ends: the socket is drained first, then answers, then the late timer. */
  resume(machine: Machine): void {
    if (isHalted(machine)) return;
    fireGuards(this, machine);
    const { daemon } = machine;
    if (daemon === null) return;
    for (const packet of daemon.inbox.splice(0)) this.mail.receive(machine, packet);
    for (const { call, result } of daemon.results.splice(0)) {
      if (machine.daemon !== daemon) return;
      const found = this.desk.foundLate(call, result);
      for (const observer of this.observers) observer.answered?.(machine, call.effect, found);
      const at = machine.clock.at(this.nowMs);
      this.step(machine, { type: 'call-result', at, id: call.effect.id, result: found });
    }
    // One of them may end it: the others are for the next one.
    while (machine.daemon === daemon && daemon.commands[0] !== undefined)
      this.command(machine, daemon.commands.shift() as Command);
    if (machine.fileUnread && machine.daemon === daemon) readFileAgain(this, machine);
    if (machine.healthUntold && machine.daemon === daemon) this.tellHealth(machine);
    if (machine.departureUntold && machine.daemon === daemon) this.tellDeparture(machine);
    if (machine.reachUntold && machine.daemon === daemon) this.tellReach(machine);
    if (machine.daemon === daemon) this.step(machine, { type: 'tick', at: machine.clock.at(this.nowMs) });
  }

  #begin(fault: Fault): void {
    for (const observer of this.observers) observer.faultBegins?.(fault);
    const undo = inflict(this, fault);
    if (undo === null) return;
    this.#active.set(fault, undo);
    this.after(fault.durationMs, () => this.#end(fault));
  }

  #end(fault: Fault): void {
    const undo = this.#active.get(fault);
    if (undo === undefined) return;
    this.#active.delete(fault);
    for (const observer of this.observers) observer.faultEnds?.(fault);
    undo();
  }

  #happen(happening: Happening): void {
    switch (happening.type) {
      case 'packet':
        return this.mail.arrive(happening);
      case 'call-lands':
        return this.desk.land(happening.call, happening.answersMs);
      case 'call-answers':
        return this.answer(happening.call, happening.result);
      case 'call-expires':
        return this.desk.expire(happening.call);
      case 'do':
        return happening.action();
    }
  }

  #perform(machine: Machine, daemon: Daemon, effect: Effect): void {
    switch (effect.type) {
      case 'send':
        return this.mail.send(machine, daemon, effect.to, effect.path, effect.message);
      case 'persist':
        machine.disk = effect;
        return;
      case 'note':
        for (const observer of this.observers) observer.noted?.(machine, effect.note);
        return;
      case 'answer':
        for (const observer of this.observers) {
          const { status, reason } = effect.outcome;
          observer.machineChanged?.(machine, `answers ${effect.id}: ${status} ${reason}`);
        }
        return;
      case 'exit':
        return this.exit(machine, `exits ${effect.code}: ${effect.reason}`);
      default:
        this.desk.send(machine, daemon, effect);
    }
  }

  #watchCall(machine: Machine, effect: CallEffect): void {
    for (const observer of this.observers) observer.called?.(machine, effect);
  }

  #setTimer(machine: Machine, daemon: Daemon, wasTick: boolean): void {
    const wantedMs = machine.clock.virtualOf(this.core.nextWakeMs(daemon.state));
    daemon.idleSteps = wasTick && wantedMs <= this.nowMs ? daemon.idleSteps + 1 : 0;
    if (daemon.idleSteps > IDLE_STEPS_MOST) throw new Error('it asks for a tick again and again');
    const lateMs = this.terrain.timerLateMs > 0 ? this.random.next() * this.terrain.timerLateMs : 0;
    daemon.wakeMs = Math.max(wantedMs, this.nowMs + TIMER_LEAST_MS) + lateMs;
  }
}
