/** Reads recordings of one incarnation in order and gathers what they say of one group. */
import type { CallEffect } from '../core/effects.ts';
import type { CallResult, CoreEvent } from '../core/events.ts';
import type { GroupReport } from '../core/message.ts';
import type { GroupName, Millis, NodeName } from '../core/types.ts';
import type { Finding, Silence } from './finding.ts';
import { configOf, type Recording, type RecordingHead, wallMsOf } from './recording.ts';

type CallFinding = Extract<Finding, { readonly type: 'call' }>;
type MessageEvent = Extract<CoreEvent, { type: 'message' }>;

export function gatherEvidence(recordings: readonly Recording[], group: GroupName): readonly Finding[] {
  const gathering = new Gathering(group);
  for (const recording of recordings) gathering.take(recording);
  return gathering.end();
}

interface OpenCall {
  readonly call: CallEffect;
  readonly atMs: Millis;
  readonly wallMs: number;
  readonly silences: readonly Silence[];
  readonly lease: CallFinding['lease'];
}

class Gathering {
  readonly #group: GroupName;
  readonly #findings: Finding[] = [];
  readonly #heardMs = new Map<NodeName, Map<number, Millis>>();
  readonly #reports = new Map<NodeName, GroupReport>();
  readonly #calls = new Map<number, OpenCall>();
  #lease: CallFinding['lease'] = null;
  #head: RecordingHead | null = null;

  constructor(group: GroupName) {
    this.#group = group;
  }

  take({ head, steps }: Recording): void {
    this.#head = head;
    this.#rememberLease(head);
    for (const name of configOf(head).nodes) {
      if (name !== head.self && !this.#heardMs.has(name)) this.#heardMs.set(name, new Map());
    }
    for (const { event, effects } of steps) {
      const { nowMs } = event.at;
      this.#happened(event);
      for (const effect of effects) {
        if (effect.type === 'note' && isAbout(effect.note, this.#group)) {
          this.#add(nowMs, { type: 'note', note: effect.note });
        }
        if ('deadlineMs' in effect && effect.group === this.#group) this.#began(effect, nowMs);
      }
    }
  }

  end(): readonly Finding[] {
    for (const open of this.#calls.values()) this.#findings.push(callFinding(open, null, 0));
    return this.#findings.sort((a, b) => a.atMs - b.atMs);
  }

  #add(atMs: Millis, said: object): void {
    if (this.#head === null) return;
    this.#findings.push({ atMs, wallMs: wallMsOf(this.#head, atMs), ...said } as Finding);
  }

  #happened(event: CoreEvent): void {
    const { nowMs } = event.at;
    switch (event.type) {
      case 'message':
        return this.#heard(event);
      case 'call-result': {
        const open = this.#calls.get(event.id);
        this.#calls.delete(event.id);
        if (open !== undefined) this.#findings.push(callFinding(open, event.result, nowMs - open.atMs));
        return;
      }
      case 'command': {
        const { command } = event;
        if (command.type !== 'move' || command.group !== this.#group) return;
        const { kind, target, by } = command;
        return this.#add(nowMs, { type: 'asked', kind, target, by, heardFrom: '' });
      }
      default:
        return;
    }
  }

  #heard({ from, path, message, at }: MessageEvent): void {
    const paths = this.#heardMs.get(from) ?? new Map<number, Millis>();
    this.#heardMs.set(from, paths.set(path, at.nowMs));
    const report = message.reports.find(({ group }) => group === this.#group);
    if (report === undefined) return;
    const before = this.#reports.get(from);
    this.#reports.set(from, report);
    this.#reported(from, report, before, at.nowMs);
  }

  /** The checkpoint knows it, also when its owner fell silent long before. */
  #rememberLease({ from }: RecordingHead): void {
    const newest = from.kind === 'state' ? from.state.groups.get(this.#group)?.newest : null;
    if (newest === null || newest === undefined || newest.leaseMs === null) return;
    const { term, owner, renounced, leaseMs } = newest;
    this.#lease = { term, owner, renounced, leaseMs };
  }

  /** What is new in a report; a leader says the same ten times a second. */
  #reported(node: NodeName, report: GroupReport, before: GroupReport | undefined, nowMs: Millis): void {
    const self = this.#head?.self;
    const { request, term, renounced, leaseMs } = report;
    if (report.owner === node && term >= (this.#lease?.term ?? 0)) {
      this.#lease = { term, owner: node, renounced, leaseMs };
    }
    // A leader's own "request" only names the handover that it carries out.
    if (request !== null && request.id !== before?.request?.id && report.role === 'standby') {
      const { kind, target, by } = request;
      this.#add(nowMs, { type: 'asked', kind, target, by, heardFrom: node });
    }
    if (report.prepare === self && before?.prepare !== self) this.#add(nowMs, { type: 'prepare', by: node });
    if (report.ready && before?.ready !== true) this.#add(nowMs, { type: 'ready', node });
    if (report.role === 'yielding' && before?.role !== 'yielding') {
      this.#add(nowMs, { type: 'yields', node, to: report.yieldTo, term });
    }
    if (report.role === 'claiming' && before?.claimTerm !== report.claimTerm) {
      this.#add(nowMs, { type: 'wants', node, term: report.claimTerm });
    }
    if (report.renounced && !(before?.renounced === true && before.term === term)) {
      this.#add(nowMs, { type: 'renounced', node, term });
    }
  }

  #began(call: CallEffect, atMs: Millis): void {
    if (call.type === 'check-services' || call.type === 'delete-terms') return;
    const wallMs = this.#head === null ? 0 : wallMsOf(this.#head, atMs);
    this.#calls.set(call.id, { call, atMs, wallMs, silences: this.#silences(atMs), lease: this.#lease });
  }

  #silences(atMs: Millis): readonly Silence[] {
    return [...this.#heardMs].map(([node, heard]) => {
      const paths = [...heard]
        .sort(([a], [b]) => a - b)
        .map(([path, heardMs]) => ({ path, forMs: atMs - heardMs }));
      const forMs =
        paths.length === 0 ? this.#remembered(node, atMs) : Math.min(...paths.map((p) => p.forMs));
      return { node, forMs, paths };
    });
  }

  /** Nothing came while this was recorded, but the checkpoint knows when something had. */
  #remembered(node: NodeName, atMs: Millis): number | null {
    if (this.#head?.from.kind !== 'state') return null;
    const heardMs = this.#head.from.state.peers.get(node)?.heardMs ?? Number.NEGATIVE_INFINITY;
    return Number.isFinite(heardMs) ? atMs - heardMs : null;
  }
}

const callFinding = (open: OpenCall, result: CallResult | null, tookMs: number): Finding => ({
  type: 'call',
  result,
  tookMs,
  ...open,
});

const isAbout = (note: object, group: GroupName): boolean => !('group' in note) || note.group === group;
