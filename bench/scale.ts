/**
 * How traffic, writes to the witness and the time of a takeover grow with nodes and groups: the real core and the
 * real codec in the simulator's world, in virtual time, so that the figures are the same on any machine. The witness
 * takes so many writes a second as the account allows, hints included; what is above it is throttled.
 *
 *     node bench/scale.ts [--nodes 2,3,5] [--groups 1,3,10,30]
 */
import { parseArgs } from 'node:util';
import type { Effect } from '../src/core/effects.ts';
import type { CoreState } from '../src/core/state.ts';
import type { GroupConfig } from '../src/core/types.ts';
import { FREE } from '../src/simulation/address-model.ts';
import type { CoreUnderTest } from '../src/simulation/core-under-test.ts';
import { EVERY, type Fault, type FaultClass, FOREVER_MS } from '../src/simulation/fault.ts';
import type { Observer } from '../src/simulation/observer.ts';
import { profileOf } from '../src/simulation/profiles.ts';
import { realCore } from '../src/simulation/real-core.ts';
import { CALM_WITNESS_MS, calmTerrain, type Terrain } from '../src/simulation/terrain.ts';
import { World } from '../src/simulation/world.ts';
import { GroupTable } from '../src/wire/group-table.ts';
import { encodeBodies } from '../src/wire/message-body.ts';
import { bodyCapacity, MAX_PACKET_BYTES } from '../src/wire/packet.ts';
import { WriteQuota } from './write-quota.ts';

const WRITES_PER_SECOND = 3;
const NAMES = ['main', 'aux', 'third', 'fourth', 'fifth'];
const INSTANCE_ID = 'i-0123456789abcdef0';
const UDP_AND_IP_BYTES = 28;
const SETTLED_MS = 90_000;
const WATCHED_MS = 60_000;
const PARTITION_MS = 300_000;
/** By then leases have grown to their cap. */
const GROWN_MS = 60_000;
const PROFILE = profileOf('default', 'address');

interface Traffic {
  datagrams: number;
  bytes: number;
}

/** One cluster, whose first node leads every group. */
class ScaledCluster {
  readonly world: World;
  readonly quota = new WriteQuota();
  readonly traffic: Traffic[];
  /** When each group was served by a node that took it over. */
  readonly servedMs = new Map<string, number>();
  /** The groups that moved to another leader, each time. */
  moves = 0;
  readonly #groupTable: GroupTable;

  constructor(nodes: number, groups: number, writesPerSecond: number) {
    const names = NAMES.slice(0, nodes);
    const configs = Array.from({ length: groups }, (_, index) => groupOf(`group-${index + 1}`, names));
    this.#groupTable = new GroupTable(configs.map(({ name }) => name));
    this.traffic = names.map(() => ({ datagrams: 0, bytes: 0 }));
    const observer: Observer = {
      noted: (_machine, note) => {
        if (note.type === 'serving') this.servedMs.set(note.group, this.world.nowMs);
        if (note.type === 'became-leader') this.moves += 1;
      },
      termCreated: (group) => this.quota.hint(`${group}`, this.world.nowMs),
    };
    const terrain = terrainOf(names, configs);
    this.world = new World({ core: this.#core(), terrain, seed: 1, observers: [observer] });
    this.world.start([]);
    this.world.runUntil(SETTLED_MS);
    this.quota.perSecond = writesPerSecond;
  }

  run(ms: number): void {
    this.world.runUntil(this.world.nowMs + ms);
    if (this.world.broken !== null) throw new Error(this.world.broken);
  }

  inflict(name: FaultClass): void {
    const fault: Fault = {
      class: name,
      atMs: this.world.nowMs,
      durationMs: FOREVER_MS,
      node: 0,
      other: EVERY,
      amount: 0,
      style: 0,
    };
    this.world.plan(fault);
    this.world.runUntil(this.world.nowMs);
  }

  /** The core, between which and its world the quota and the scales stand. */
  #core(): CoreUnderTest {
    return {
      ...realCore,
      step: (state, event) => {
        const effects = realCore.step(state, event);
        for (const effect of effects) this.#see(state as CoreState, effect);
        return effects;
      },
    };
  }

  #see(state: CoreState, effect: Effect): void {
    const node = this.world.terrain.names.indexOf(state.config.self);
    if (effect.type === 'create-term' && !this.quota.take(this.world.nowMs)) {
      const fate = { landsMs: -1, answersMs: CALM_WITNESS_MS, failure: 'throttled' } as const;
      this.world.desk.orders.push({ node, type: 'create-term', fate });
    }
    if (effect.type !== 'send') return;
    const { self: name } = state.config;
    const capacity = bodyCapacity({ sender: name, receiver: effect.to, instanceId: INSTANCE_ID });
    const sender = { name, incarnation: state.incarnation };
    const bodies = encodeBodies(effect.message, { sender, groups: this.#groupTable, capacity });
    const traffic = this.traffic[node]!;
    traffic.datagrams += bodies.length;
    for (const body of bodies) {
      traffic.bytes += body.length + MAX_PACKET_BYTES - capacity + UDP_AND_IP_BYTES;
    }
  }
}

function groupOf(name: string, nodes: readonly string[]): GroupConfig {
  const failback = { mode: 'manual', afterMs: 0 } as const;
  return { name, kind: 'address', nodes, failback, standbyServices: 'warm', timings: PROFILE.timings };
}

function terrainOf(names: readonly string[], groups: readonly GroupConfig[]): Terrain {
  return {
    ...calmTerrain(names, groups, PROFILE),
    past: groups.map(() => ({ holder: FREE, running: names.map(() => true), record: null })),
    servicesAtBoot: true,
  };
}

function row(nodes: number, groups: number): string {
  const calm = new ScaledCluster(nodes, groups, WRITES_PER_SECOND);
  for (const each of calm.traffic) Object.assign(each, { datagrams: 0, bytes: 0 });
  const writesBefore = calm.quota.asked;
  calm.run(WATCHED_MS);
  const seconds = WATCHED_MS / 1_000;
  const [leader, standby] = calm.traffic.map(({ datagrams, bytes }) => ({
    datagrams: Math.round(datagrams / seconds),
    kilobytes: (bytes / seconds / 1_000).toFixed(1),
  }));
  const idleWrites = calm.quota.asked - writesBefore;
  const free = takeover(new ScaledCluster(nodes, groups, Number.POSITIVE_INFINITY), groups);
  const held = takeover(calm, groups);
  const cut = partition(new ScaledCluster(nodes, groups, WRITES_PER_SECOND));
  return `| ${[
    nodes,
    groups,
    `${leader!.datagrams}, ${leader!.kilobytes}`,
    `${standby!.datagrams}, ${standby!.kilobytes}`,
    idleWrites,
    free,
    held,
    cut.asked,
    cut.granted,
    cut.moves,
  ].join(' | ')} |`;
}

/** From the death of the leader to the first and to the last group that is served again. */
function takeover(cluster: ScaledCluster, groups: number): string {
  cluster.servedMs.clear();
  const diedMs = cluster.world.nowMs;
  cluster.inflict('power-off');
  for (let waited = 0; waited < 120 && cluster.servedMs.size < groups; waited++) cluster.run(1_000);
  const times = [...cluster.servedMs.values()].map((atMs) => (atMs - diedMs) / 1_000);
  const last = cluster.servedMs.size < groups ? 'never' : Math.max(...times).toFixed(1);
  return `${Math.min(...times).toFixed(1)} to ${last}`;
}

function partition(cluster: ScaledCluster): { asked: string; granted: string; moves: number } {
  cluster.moves = 0;
  cluster.inflict('isolate-from-peers');
  cluster.run(GROWN_MS);
  const { asked, granted } = cluster.quota;
  cluster.run(PARTITION_MS - GROWN_MS);
  const rate = (count: number) => (count / ((PARTITION_MS - GROWN_MS) / 1_000)).toFixed(2);
  return {
    asked: rate(cluster.quota.asked - asked),
    granted: rate(cluster.quota.granted - granted),
    moves: cluster.moves,
  };
}

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '2,3,5' },
    groups: { type: 'string', default: '1,3,10,30' },
  },
});
const numbers = (text: string): number[] => text.split(',').map(Number);

console.log(
  '| nodes | groups | leader sends: datagrams/s, kB/s | a standby | writes in a calm minute | takeover, s: no quota | 3 writes/s | in a partition: writes/s asked | granted | moves in 5 min |',
);
console.log(`|${'---:|'.repeat(10)}`);
for (const nodes of numbers(values.nodes))
  for (const groups of numbers(values.groups)) console.log(row(nodes, groups));
