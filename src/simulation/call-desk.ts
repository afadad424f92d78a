import type { CallEffect } from '../core/effects.ts';
import type { CallResult } from '../core/events.ts';
import type { AddressHolder, TermRecord } from '../core/types.ts';
import {
  AddressModel,
  type Association,
  associationName,
  associationNumber,
  FOREIGN,
  FREE,
} from './address-model.ts';
import { conditionSeen, type Daemon, type Machine, type OpenCall } from './machine.ts';
import { Prng } from './prng.ts';
import { type Fate, RemoteService } from './remote-service.ts';
import { RequestModel } from './request-model.ts';
import { ServiceDesk } from './service-desk.ts';
import { WitnessModel } from './witness-model.ts';
import type { World } from './world.ts';

const UNKNOWN: CallResult = { type: 'failed', failure: 'unknown', reason: 'no answer by the deadline' };

/** The fate of the next call of one type of one node. */
export interface FateOrder {
  readonly node: number;
  readonly type: CallEffect['type'];
  readonly fate: Fate;
}

/** Takes the calls of the daemons to the witness and to EC2, each with the fate that the faults give it. */
export class CallDesk {
  readonly witness: RemoteService;
  readonly cloud: RemoteService;
  readonly terms: readonly WitnessModel[];
  readonly addresses: readonly AddressModel[];
  readonly request = new RequestModel();
  readonly services: ServiceDesk;
  /** What scenarios have in store for single calls; taken out by the first call that it fits. */
  readonly orders: FateOrder[] = [];
  readonly #world: World;
  readonly #random: Prng;

  constructor(world: World, seed: number) {
    const { names, groups, past, refusesOwnHolder } = world.terrain;
    this.#world = world;
    this.#random = new Prng(seed, 'calls');
    this.witness = new RemoteService(names.length, new Prng(seed, 'witness'));
    this.cloud = new RemoteService(names.length, new Prng(seed, 'cloud'));
    this.terms = groups.map((_, group) => {
      const model = new WitnessModel();
      const record = past[group]?.record ?? null;
      if (record !== null) model.create(record, Number.NEGATIVE_INFINITY);
      return model;
    });
    this.addresses = groups.map(
      (_, group) => new AddressModel({ holder: past[group]?.holder ?? FREE, refusesOwnHolder }),
    );
    this.services = new ServiceDesk(world, new Prng(seed, 'services'));
  }

  send(machine: Machine, daemon: Daemon, effect: CallEffect): void {
    const world = this.#world;
    const call: OpenCall = {
      machine,
      daemon,
      effect,
      group: world.groupIndex(effect.group),
      sentMs: world.nowMs,
      deadlineMs: world.nowMs + effect.deadlineMs / machine.clock.rate,
      answered: false,
    };
    const fate = this.#ordered(call) ?? this.#fate(call);
    if (fate === null) this.services.perform(call);
    else this.#dispatch(call, fate);
  }

  /** The call takes effect; its answer, if it comes in time, is on its way. */
  land(call: OpenCall, answersMs: number): void {
    const result = this.#effect(call);
    if (answersMs < 0) return;
    this.#world.queue.push(answersMs, { type: 'call-answers', call, result });
  }

  expire(call: OpenCall): void {
    this.#world.answer(call, UNKNOWN);
  }

  /** What a daemon finds when it wakes after the deadline: the answer, or its own timer first. */
  foundLate(call: OpenCall, result: CallResult): CallResult {
    const late = this.#world.nowMs > call.deadlineMs;
    return late && this.#random.chance(0.5) ? UNKNOWN : result;
  }

  /** A change of an address that no daemon made. */
  moveByHand(group: number, holder: number): void {
    const address = this.addresses[group] as AddressModel;
    const from = address.now.holder;
    if (from === holder) return;
    address.moveByHand(holder, this.#world.nowMs);
    const move = { group, from, to: holder, call: null, by: -1, sentMs: this.#world.nowMs };
    for (const observer of this.#world.observers) observer.addressMoved?.(move);
  }

  #ordered(call: OpenCall): Fate | null {
    const fits = ({ node, type }: FateOrder): boolean =>
      node === call.machine.index && type === call.effect.type;
    const index = this.orders.findIndex(fits);
    return index < 0 ? null : (this.orders.splice(index, 1)[0] as FateOrder).fate;
  }

  #fate(call: OpenCall): Fate | null {
    const { terrain } = this.#world;
    const node = call.machine.index;
    switch (call.effect.type) {
      case 'create-term':
      case 'read-term':
      case 'read-newest':
      case 'delete-terms':
      case 'close-request':
        return this.witness.fate(node, terrain.witness);
      case 'describe-address':
      case 'describe-instance':
        return this.cloud.fate(node, terrain.cloudReads);
      case 'take-address':
      case 'take-free-address':
      case 'release-address':
        return this.cloud.fate(node, terrain.cloudChanges);
      case 'start-services':
      case 'stop-services':
      case 'check-services':
        return null;
    }
  }

  #dispatch(call: OpenCall, fate: Fate): void {
    const { queue } = this.#world;
    const answersMs = call.sentMs + fate.answersMs;
    const inTime = fate.answersMs >= 0 && answersMs < call.deadlineMs;
    if (fate.landsMs >= 0) {
      const heard = inTime && fate.failure === null ? answersMs : -1;
      queue.push(call.sentMs + fate.landsMs, { type: 'call-lands', call, answersMs: heard });
    }
    if (inTime && fate.failure !== null) {
      const reason = `simulated: ${fate.failure}`;
      const result: CallResult = { type: 'failed', failure: fate.failure, reason };
      queue.push(answersMs, { type: 'call-answers', call, result });
    }
    if (!inTime) queue.push(call.deadlineMs, { type: 'call-expires', call });
  }

  #effect(call: OpenCall): CallResult {
    const world = this.#world;
    const { effect, group } = call;
    const terms = this.terms[group] as WitnessModel;
    switch (effect.type) {
      case 'create-term':
        return this.#createTerm(terms, group, effect.record);
      case 'read-term':
        return terms.read(effect.term, world.nowMs - this.witness.stalenessMs());
      case 'read-newest':
        return {
          ...terms.newest(world.nowMs - this.witness.stalenessMs(), world.nowMs),
          request: this.request.reading(world.nowMs - this.witness.stalenessMs(), world.nowMs),
        };
      case 'close-request':
        this.request.close(effect.requestId, effect.verdict, world.nowMs);
        return { type: 'request-closed' };
      case 'delete-terms':
        terms.delete(effect.upTo);
        return { type: 'newest-term', record: terms.newestRecord };
      case 'describe-address':
        return this.#describe(group);
      case 'describe-instance': {
        const machine = world.machines.find(({ name }) => name === effect.node) as Machine;
        return { type: 'instance-condition', condition: conditionSeen(machine, world.nowMs) };
      }
      default:
        return this.#change(call);
    }
  }

  #createTerm(terms: WitnessModel, group: number, record: TermRecord): CallResult {
    const result = terms.create(record, this.#world.nowMs);
    if (result.type === 'term-created') {
      for (const observer of this.#world.observers) observer.termCreated?.(group, record);
    }
    return result;
  }

  #describe(group: number): CallResult {
    const address = this.addresses[group] as AddressModel;
    const { holder, id } = address.seenAt(this.#world.nowMs - this.cloud.stalenessMs());
    return {
      type: 'address-reading',
      holder: this.#named(holder),
      associationId: associationName(id),
    };
  }

  #named(holder: number): AddressHolder {
    if (holder === FREE) return { kind: 'free' };
    if (holder === FOREIGN) return { kind: 'foreign', networkInterfaceId: 'eni-foreign' };
    return { kind: 'node', node: this.#world.terrain.names[holder] as string };
  }

  #change(call: OpenCall): CallResult {
    const address = this.addresses[call.group] as AddressModel;
    const before: Association = address.now;
    const result = this.#changeAddress(call, address);
    if (address.now !== before) {
      const move = {
        group: call.group,
        from: before.holder,
        to: address.now.holder,
        call: call.effect,
        by: call.machine.index,
        sentMs: call.sentMs,
      };
      for (const observer of this.#world.observers) observer.addressMoved?.(move);
    }
    return result;
  }

  #changeAddress(call: OpenCall, address: AddressModel): CallResult {
    const { nowMs } = this.#world;
    const node = call.machine.index;
    if (call.effect.type === 'release-address') {
      address.release(associationNumber(call.effect.associationId), nowMs);
      return { type: 'address-released' };
    }
    const taken =
      call.effect.type === 'take-address' ? address.take(node, nowMs) : address.takeFree(node, nowMs);
    if (taken === null) return { type: 'address-taken' };
    return { type: 'address-moved', associationId: associationName(taken.id) };
  }
}
