/**
 * Runs the simulator and writes down, in the model's words, what the cores did: which of its actions each step was.
 * Nothing is guessed: every record follows from the state of a core before and after a step, from the witness, and
 * from the clocks of the machines (a grant or lease that has run out by its holder's own clock).
 */
import { hasAuthority } from '../src/core/authority.ts';
import type { CoreState, GroupState } from '../src/core/state.ts';
import type { TermReason, TermRecord } from '../src/core/types.ts';
import type { CoreUnderTest } from '../src/simulation/core-under-test.ts';
import { FAULT_CLASSES, type FaultClass } from '../src/simulation/fault.ts';
import type { Machine } from '../src/simulation/machine.ts';
import type { Observer } from '../src/simulation/observer.ts';
import { drawPlan, type PlanWishes } from '../src/simulation/plan.ts';
import { realCore } from '../src/simulation/real-core.ts';
import { runPlan } from '../src/simulation/run-plan.ts';
import type { World } from '../src/simulation/world.ts';

/** The numbers of the actions in trace.pml. */
const ACT = {
  begin: 1,
  past: 2,
  learn: 3,
  claim: 4,
  adopt: 5,
  takeYield: 6,
  defend: 7,
  force: 8,
  land: 9,
  landLate: 10,
  fail: 11,
  win: 12,
  grant: 13,
  bind: 14,
  grantEnds: 15,
  promiseEnds: 16,
  leaseEnds: 17,
  nextLeaseEnds: 18,
  leaseOver: 19,
  yield: 20,
  waive: 21,
  crash: 22,
  authority: 23,
} as const;

type Act = keyof typeof ACT;

const CREATE: Readonly<Record<TermReason, Act>> = {
  first: 'claim',
  takeover: 'claim',
  acting: 'claim',
  adopt: 'adopt',
  switchover: 'takeYield',
  defence: 'defend',
  revoke: 'defend',
  members: 'defend',
  forced: 'force',
};

/** A machine whose clocks both stand still breaks the assumption on which every lease rests; the model's nodes are fixed. */
const OUTSIDE_THE_MODEL: ReadonlySet<FaultClass> = new Set(['clocks-stop', 'forget', 'file-lacks']);

export interface Trace {
  readonly seed: number;
  readonly text: string;
  readonly records: number;
  /** The highest of that group. */
  readonly newestTerm: number;
}

/** What one seed did in its first group. */
export function traceOf(seed: number, wishes: PlanWishes): Trace {
  const only = new Set(FAULT_CLASSES.filter((name) => !OUTSIDE_THE_MODEL.has(name)));
  const scribe = new Scribe();
  runPlan(drawPlan(seed, { ...wishes, only }), scribe.core, [scribe]);
  const { lines, newestTerm } = scribe;
  return { seed, text: `${lines.join('\n')}\n`, records: lines.length, newestTerm };
}

/** What the model knows of a node, as last written down. */
interface Known {
  term: number;
  create: object | null;
  createTerm: number;
  grants: number;
  live: number;
  nextLive: number;
  waiver: number;
  yielded: number;
  /** The terms that it granted since its last promise ended, as far as the model knows. */
  readonly granted: Set<number>;
  pledged: boolean;
  /** Its wait for the lease of its term is not over. */
  waits: boolean;
}

const newcomer = (): Omit<Known, 'granted' | 'pledged'> => ({
  term: 0,
  create: null,
  createTerm: 0,
  grants: 0,
  live: 0,
  nextLive: 0,
  waiver: 0,
  yielded: 0,
  waits: false,
});

class Scribe implements Observer {
  readonly lines: string[] = [];
  readonly #known: Known[] = [];
  /** Of the daemon that runs on each machine, until its end has been written down. */
  readonly #states: (CoreState | null)[] = [];
  readonly #leases = new Map<number, TermRecord['leases']>();
  #world: World | null = null;
  #grantedNow = false;
  /** The core itself; what it sends is looked at for a reply that grants. */
  readonly core: CoreUnderTest = {
    ...realCore,
    step: (state, event) => {
      const effects = realCore.step(state, event);
      this.#grantedNow = effects.some(
        (effect) =>
          effect.type === 'send' &&
          effect.message.reports.some(({ group, grants }) => group === 'web' && grants > 0),
      );
      return effects;
    },
  };

  /** 0 where no term was ever created. */
  get newestTerm(): number {
    return Math.max(0, ...this.#leases.keys());
  }

  attach(world: World): void {
    this.#world = world;
    for (const _ of world.machines) this.#known.push({ ...newcomer(), granted: new Set(), pledged: false });
    this.#write('begin', 0, 0, 0);
    const past = world.terrain.past[0]?.record ?? null;
    if (past === null) return;
    this.#leases.set(past.term, past.leases);
    this.#write('past', this.#index(past.owner), past.term, this.#mask(past.leases));
  }

  machineChanged(machine: Machine): void {
    const n = machine.index;
    if (machine.daemon !== null) {
      this.#states[n] = machine.daemon.state as CoreState;
      return;
    }
    // A daemon that leaves by itself does so in a step, in which it may have granted or sent a create.
    this.#age();
    this.#follow(machine);
    this.#states[n] = null;
    Object.assign(this.#known[n] as Known, newcomer());
    this.#write('crash', n, 0, 0);
  }

  termCreated(group: number, record: TermRecord): void {
    if (group !== 0) return;
    this.#age();
    this.#leases.set(record.term, record.leases);
    const owner = this.#index(record.owner);
    const lives = this.#machine(owner).daemon?.incarnation === record.incarnation;
    this.#write(lives ? 'land' : 'landLate', owner, record.term, 0);
  }

  stepped(machine: Machine): void {
    if (machine.daemon === null) return;
    this.#age();
    const before = this.lines.length;
    this.#follow(machine);
    if (this.lines.length === before) return;
    for (const { index } of (this.#world as World).machines) {
      if (!this.#hasAuthority(index)) continue;
      this.#write('authority', index, this.#group(index)?.newest?.term ?? 0, 0);
    }
  }

  /** What one step of a core was. */
  #follow(machine: Machine): void {
    const n = machine.index;
    const group = this.#group(n);
    if (group === null) return;
    const known = this.#known[n] as Known;
    this.#followTerm(n, group, known);
    if (this.#grantedNow && !known.granted.has(known.term)) {
      known.pledged = true;
      known.granted.add(known.term);
      this.#write('grant', n, known.term, 0);
    }
    this.#grantedNow = false;
    if ((group.waiver ?? 0) !== known.waiver) {
      known.waiver = group.waiver ?? 0;
      if (known.waiver > 0) this.#write('waive', n, known.waiver, 0);
    }
    this.#followBonds(n, group, known);
    this.#followCreate(n, group, known);
    this.#followYield(n, group, known);
  }

  #followTerm(n: number, group: GroupState, known: Known): void {
    const term = group.newest?.term ?? 0;
    if (term === known.term) return;
    const won = group.role.kind === 'leading';
    this.#write(won ? 'win' : 'learn', n, term, 0);
    const succeeded = won && group.role.kind === 'leading' && group.role.reignStart < term;
    if (!succeeded) known.grants = 0;
    known.live = won ? known.nextLive : 0;
    known.nextLive = 0;
    known.createTerm = 0;
    known.create = null;
    known.waiver = 0;
    known.term = term;
    known.waits = !won && this.#name(n) in (this.#leases.get(term) ?? {});
  }

  #followBonds(n: number, group: GroupState, known: Known): void {
    if (group.role.kind !== 'leading') return;
    for (const [node, bond] of group.role.bonds) {
      const peer = this.#index(node);
      if (bond.grantOwnMs + group.config.timings.deadtimeMs <= this.#ownMs(n)) continue;
      if ((known.grants >> peer) & 1) continue;
      const { reignStart } = group.role;
      const granted = [...(this.#known[peer] as Known).granted];
      const term = granted.filter((one) => one >= reignStart && one <= known.term).at(-1) ?? 0;
      known.grants |= 1 << peer;
      this.#write('bind', n, peer, term);
    }
    this.#expire(n, known);
  }

  #followCreate(n: number, group: GroupState, known: Known): void {
    const attempt = group.create;
    if (attempt === known.create) return;
    if (known.create !== null) this.#write('fail', n, 0, 0);
    known.create = attempt;
    known.createTerm = 0;
    known.nextLive = 0;
    if (attempt === null) return;
    const { record } = attempt;
    const kind = this.#kindOf(record.reason, group);
    if (kind === 'claim') this.#endWaits(n, known);
    known.createTerm = record.term;
    known.nextLive = this.#mask(record.leases);
    this.#write(kind, n, record.term, known.nextLive);
  }

  /** In an exclusive group a forced create waits for everything that a claim waits for. */
  #kindOf(reason: TermReason, group: GroupState): Act {
    return reason === 'forced' && group.config.kind === 'exclusive' ? 'claim' : CREATE[reason];
  }

  /** A core that claims takes its waits for over: the model must agree that they can be. */
  #endWaits(n: number, known: Known): void {
    if (known.pledged) {
      known.pledged = false;
      known.granted.clear();
      this.#write('promiseEnds', n, 0, 0);
    }
    if (known.waits) {
      known.waits = false;
      this.#write('leaseOver', n, known.term, 0);
    }
  }

  #followYield(n: number, group: GroupState, known: Known): void {
    const handover = group.role.kind === 'leading' ? group.role.handover : null;
    if (handover?.phase.kind !== 'yielding' || handover.phase.term !== known.term) return;
    if (known.yielded === known.term) return;
    known.yielded = known.term;
    this.#write('yield', n, this.#index(handover.target), 0);
  }

  /** Time has passed for everybody: what has run out by its holder's clock is written down first. */
  #age(): void {
    for (const { index } of (this.#world as World).machines) this.#expire(index, this.#known[index] as Known);
  }

  #expire(n: number, known: Known): void {
    const group = this.#group(n);
    if (group === null) return;
    const ownMs = this.#ownMs(n);
    const leading = group.role.kind === 'leading' && group.newest?.term === known.term ? group.role : null;
    for (const { index: peer, name } of (this.#world as World).machines) {
      const bond = leading?.bonds.get(name);
      const bit = 1 << peer;
      if (known.grants & bit && (bond?.grantOwnMs ?? 0) + group.config.timings.deadtimeMs <= ownMs) {
        known.grants &= ~bit;
        this.#write('grantEnds', n, peer, 0);
      }
      const lease = bond?.lease ?? null;
      const leased = lease !== null && !lease.renounced && lease.sentOwnMs + lease.lengthMs > ownMs;
      if (leading !== null && known.live & bit && !leased) {
        known.live &= ~bit;
        this.#write('leaseEnds', n, peer, 0);
      }
      const attempt = group.create;
      if (attempt === null || attempt !== known.create || !(known.nextLive & bit)) continue;
      if (attempt.firstSentOwnMs + (attempt.record.leases[name] ?? 0) > ownMs) continue;
      known.nextLive &= ~bit;
      this.#write('nextLeaseEnds', n, peer, 0);
    }
  }

  #write(act: Act, n: number, x: number, y: number): void {
    this.lines.push(`${ACT[act]} ${n} ${x} ${y}`);
  }

  #machine(n: number): Machine {
    return (this.#world as World).machines[n] as Machine;
  }

  #group(n: number): GroupState | null {
    return this.#states[n]?.groups.get('web') ?? null;
  }

  #ownMs(n: number): number {
    const { nowMs, suspendedMs } = this.#machine(n).clock.at((this.#world as World).nowMs);
    return nowMs + suspendedMs;
  }

  #hasAuthority(n: number): boolean {
    const state = this.#states[n] ?? null;
    return (
      state !== null && hasAuthority(state, 'web', this.#machine(n).clock.at((this.#world as World).nowMs))
    );
  }

  #name = (n: number): string => this.#machine(n).name;

  #index = (name: string): number => (this.#world as World).terrain.names.indexOf(name);

  #mask(leases: TermRecord['leases']): number {
    return Object.keys(leases).reduce((mask, name) => mask | (1 << this.#index(name)), 0);
  }
}
