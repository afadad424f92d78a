import type { CallEffect, Effect } from '../../src/core/effects.ts';
import type { CallResult, Command, CoreEvent, UnwellResource } from '../../src/core/events.ts';
import type { GroupReport, PeerMessage } from '../../src/core/message.ts';
import type { Note } from '../../src/core/notes.ts';
import { createCore } from '../../src/core/state.ts';
import { nextWakeMs, step } from '../../src/core/step.ts';
import type {
  AddressHolder,
  CoreConfig,
  GroupConfig,
  Incarnation,
  Term,
  TermRecord,
} from '../../src/core/types.ts';

export const GROUP: GroupConfig = {
  name: 'web',
  kind: 'address',
  nodes: ['main', 'aux'],
  failback: { mode: 'manual', afterMs: 5_000 },
  standbyServices: 'warm',
  timings: {
    warntimeMs: 300,
    deadtimeMs: 1_000,
    leaseMs: 3_000,
    witnessTimeoutMs: 400,
    stopTimeoutMs: 5_000,
  },
};

const REPORT: GroupReport = {
  group: 'web',
  role: 'standby',
  term: 0 as Term,
  owner: '',
  ownerIncarnation: '' as Incarnation,
  claimTerm: 0 as Term,
  grants: 0 as Term,
  leaseMs: 0,
  renounced: false,
  deadtimeMs: 0,
  holdMs: 0,
  prepare: '',
  handover: 0,
  ready: false,
  yieldTo: '',
  yieldToIncarnation: '' as Incarnation,
  eligible: true,
  whyNot: '',
  hasAddress: false,
  serving: true,
  request: null,
  answer: null,
  maintenance: { on: false, stamp: 0 },
  cleanup: null,
  cleanedUp: '',
};

export interface OneNodeOptions {
  readonly self?: string;
  readonly group?: Partial<GroupConfig>;
  readonly nodes?: readonly string[];
  readonly floor?: number;
  readonly tried?: number;
  readonly moreGroups?: readonly GroupConfig[];
}

/**
 * One core alone, with the world played by the test: time goes on in the steps that the core asks for, every
 * effect is kept, and calls wait until the test answers them (those named in `auto` are answered at once).
 */
export class OneNode {
  readonly state;
  nowMs = 1_000;
  suspendedMs = 0;
  readonly sent: { to: string; message: PeerMessage }[] = [];
  readonly notes: Note[] = [];
  readonly answers: Extract<Effect, { type: 'answer' }>[] = [];
  readonly persisted: Extract<Effect, { type: 'persist' }>[] = [];
  readonly exits: Extract<Effect, { type: 'exit' }>[] = [];
  readonly calls: (CallEffect & { sentMs: number })[] = [];
  readonly auto = new Map<CallEffect['type'], () => CallResult>([
    ['check-services', () => ({ type: 'services-state', running: true })],
    ['start-services', () => ({ type: 'services-started' })],
  ]);

  constructor(options: OneNodeOptions = {}) {
    const group = { ...GROUP, ...(options.nodes ? { nodes: options.nodes } : {}), ...options.group };
    const config: CoreConfig = {
      self: options.self ?? 'main',
      nodes: options.nodes ?? ['main', 'aux'],
      groups: [group, ...(options.moreGroups ?? [])],
      keepaliveMs: 100,
      initdeadMs: 10_000,
    };
    this.state = createCore({
      config,
      incarnation: 'me-1' as Incarnation,
      at: this.at,
      seed: 7,
      highestTerms: options.floor === undefined ? {} : { web: options.floor as Term },
      triedTerms: options.tried === undefined ? {} : { web: options.tried as Term },
      drained: false,
    });
    this.take(step(this.state, { type: 'tick', at: this.at }));
  }

  get at() {
    return { nowMs: this.nowMs, suspendedMs: this.suspendedMs };
  }

  get group() {
    return this.state.groups.get('web')!;
  }

  /** Lets `ms` pass, in the steps that the core asks for. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    for (let guard = 0; guard < 100_000; guard++) {
      const wakeMs = Math.max(nextWakeMs(this.state), this.nowMs + 0.1);
      if (wakeMs > endMs) break;
      this.nowMs = wakeMs;
      this.take(step(this.state, { type: 'tick', at: this.at }));
    }
    this.nowMs = endMs;
  }

  hear(
    from: string,
    report: Partial<GroupReport>,
    message: Partial<PeerMessage> = {},
    incarnation = `${from}-1`,
  ): void {
    const full: PeerMessage = {
      kind: 'heartbeat',
      beat: 1,
      wantsReply: false,
      drained: false,
      leaving: false,
      departure: 'none',
      reach: null,
      ...message,
      reports: [{ ...REPORT, ...report }],
    };
    const event = { type: 'message', at: this.at, from, path: 0, message: full } as const;
    this.take(step(this.state, { ...event, incarnation: incarnation as Incarnation }));
  }

  /** A heartbeat of a peer that leads `term`. */
  hearLeader(from: string, term: number, report: Partial<GroupReport> = {}): void {
    this.hear(
      from,
      {
        role: 'leading',
        term: term as Term,
        owner: from,
        ownerIncarnation: `${from}-1` as Incarnation,
        deadtimeMs: 1_000,
        hasAddress: true,
        ...report,
      },
      { wantsReply: true },
    );
  }

  /** The peer answers the newest heartbeat and grants the newest term that this node owns. */
  grant(from: string, beat = this.state.heartbeat.beat): void {
    const { newest } = this.group;
    this.hear(
      from,
      {
        term: newest!.term,
        owner: newest!.owner,
        ownerIncarnation: newest!.incarnation,
        grants: newest!.term,
      },
      { kind: 'reply', beat },
    );
  }

  /** Passes `ms` while `from` grants every 50 ms. */
  passGranted(from: string, ms: number): void {
    for (let left = ms; left > 0; left -= 50) {
      this.pass(Math.min(50, left));
      this.grant(from);
    }
  }

  /** The monitor of a resource speaks. */
  unwell(unwell: UnwellResource): void {
    this.take(step(this.state, { type: 'services-unwell', at: this.at, group: 'web', unwell }));
  }

  command(wanted: Command): void {
    this.take(step(this.state, { type: 'command', at: this.at, command: wanted }));
  }

  /** The configuration was read again, and this of the group has changed. */
  reload(changed: Partial<GroupConfig>, nodes = this.state.config.nodes): void {
    const config = { ...this.state.config, nodes };
    const groups = config.groups.map((group) => (group.name === 'web' ? { ...group, ...changed } : group));
    this.take(step(this.state, { type: 'reload', at: this.at, config: { ...config, groups } }));
  }

  /** The calls of a type that wait for their answer. */
  pending<T extends CallEffect['type']>(type: T): Extract<CallEffect, { type: T }>[] {
    return this.calls.filter((call) => call.type === type) as unknown as Extract<CallEffect, { type: T }>[];
  }

  /** Answers the oldest waiting call of a type. */
  answer(type: CallEffect['type'], result: CallResult): void {
    const index = this.calls.findIndex((call) => call.type === type);
    if (index < 0)
      throw new Error(`no ${type} is waiting; there are ${this.calls.map((c) => c.type).join(', ')}`);
    const [call] = this.calls.splice(index, 1);
    this.take(step(this.state, { type: 'call-result', at: this.at, id: call!.id, result }));
  }

  answerNewest(record: TermRecord | null): void {
    this.answer('read-newest', { type: 'newest-term', record });
  }

  answerAddress(holder: AddressHolder, associationId = 'assoc-1'): void {
    this.answer('describe-address', { type: 'address-reading', holder, associationId });
  }

  fail(type: CallEffect['type'], failure: 'unknown' | 'not-sent' | 'throttled' | 'denied' = 'unknown'): void {
    this.answer(type, { type: 'failed', failure, reason: `${type}: ${failure}` });
  }

  /** Something of which there is no method here has happened. */
  happen(event: CoreEvent extends infer E ? (E extends CoreEvent ? Omit<E, 'at'> : never) : never): void {
    this.take(step(this.state, { ...event, at: this.at } as CoreEvent));
  }

  private take(effects: Effect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'send':
          this.sent.push({ to: effect.to, message: effect.message });
          break;
        case 'note':
          this.notes.push(effect.note);
          break;
        case 'answer':
          this.answers.push(effect);
          break;
        case 'exit':
          this.exits.push(effect);
          break;
        case 'persist':
          this.persisted.push(effect);
          break;
        default:
          this.takeCall(effect);
      }
    }
  }

  private takeCall(effect: CallEffect): void {
    const auto = this.auto.get(effect.type);
    if (auto === undefined) {
      this.calls.push({ ...effect, sentMs: this.nowMs });
      return;
    }
    this.take(step(this.state, { type: 'call-result', at: this.at, id: effect.id, result: auto() }));
  }

  get lastReport(): GroupReport {
    return this.sent.at(-1)!.message.reports[0]!;
  }

  get role(): string {
    return this.group.role.kind;
  }
}

export function recordOf(
  term: number,
  owner: string,
  incarnation = `${owner}-1`,
  rest: Partial<TermRecord> = {},
): TermRecord {
  return {
    group: 'web',
    term: term as Term,
    owner,
    incarnation: incarnation as Incarnation,
    leases: {},
    members: ['main', 'aux'],
    reason: 'takeover',
    ...rest,
  };
}

/** A standby that has just heard aux lead term 5, with a working witness and EC2. */
export function standbyOf(term = 5, options: OneNodeOptions = {}): OneNode {
  const node = new OneNode(options);
  node.answerNewest(recordOf(term, 'aux'));
  node.answerAddress({ kind: 'node', node: 'aux' });
  node.hearLeader('aux', term);
  return node;
}

/** A leader by takeover of term `term` that has the address and whose peer grants steadily. */
export function leaderOf(term = 6, options: OneNodeOptions = {}): OneNode {
  const node = standbyOf(term - 1, options);
  node.pass(400);
  node.answerNewest(recordOf(term - 1, 'aux'));
  node.answerAddress({ kind: 'node', node: 'aux' });
  node.pass(700);
  node.answer('create-term', { type: 'term-created' });
  node.answer('take-address', { type: 'address-moved', associationId: 'assoc-own' });
  while (node.pending('read-newest').length > 0) node.answerNewest(recordOf(term, 'main', 'me-1'));
  return node;
}
