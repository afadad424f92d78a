/** Tells from the facts of a journal who led when, what was asked, and where nothing changed although it could. */
import type { Note } from '../core/notes.ts';
import type { GroupName, Millis, NodeName, Term, TermRecord } from '../core/types.ts';
import type { Change, Episode, Stay } from './episode.ts';
import type { FactLine } from './fact.ts';

/** A leader that had no reason to renew for so long is past the last silence. */
const STAY_ENDS_MS = 60_000;
/** A request that led nowhere is answered soon after the handover was given up. */
const SAME_REQUEST_MS = 5_000;

type Asked = Extract<FactLine, { readonly kind: 'asked' }>['command'] & { readonly type: 'move' };

interface Tracked {
  readonly group: GroupName;
  term: Term;
  owner: NodeName | null;
  record: TermRecord | null;
  change: Change | null;
  yieldedTo: NodeName | null;
  /** Who asked for the move that is under way. */
  asked: { readonly by: string; readonly target: NodeName } | null;
  silence: Stay | null;
  defence: Stay | null;
}

/** Oldest first. */
export function historyOf(facts: readonly FactLine[]): readonly Episode[] {
  const history = new History();
  for (const fact of facts) history.take(fact);
  return history.end();
}

class History {
  readonly #episodes: Episode[] = [];
  readonly #groups = new Map<GroupName, Tracked>();
  readonly #asked = new Map<string, Asked>();

  take(line: FactLine): void {
    switch (line.kind) {
      case 'started':
        this.#asked.clear();
        for (const tracked of this.#groups.values()) this.#restarted(tracked);
        return;
      case 'asked':
        if (line.command.type !== 'move') return;
        this.#asked.set(line.command.id, line.command);
        this.#tracked(line.command.group).asked = line.command;
        return;
      case 'answered':
        return this.#answered(line);
      case 'record':
        return this.#recorded(line.record, line);
      case 'note':
        return this.#noted(line.note, line);
      case 'broke-down':
      case 'lost':
        return;
    }
  }

  end(): readonly Episode[] {
    for (const { silence, defence } of this.#groups.values()) {
      if (silence !== null) this.#episodes.push(silence);
      if (defence !== null) this.#episodes.push(defence);
    }
    return this.#episodes.sort((a, b) => a.wallMs - b.wallMs);
  }

  #tracked(group: GroupName): Tracked {
    const known = this.#groups.get(group);
    if (known !== undefined) return known;
    const tracked: Tracked = {
      group,
      term: 0 as Term,
      owner: null,
      record: null,
      change: null,
      yieldedTo: null,
      asked: null,
      silence: null,
      defence: null,
    };
    this.#groups.set(group, tracked);
    return tracked;
  }

  #restarted(tracked: Tracked): void {
    this.#endStays(tracked);
    tracked.asked = null;
    tracked.yieldedTo = null;
    tracked.change = null;
  }

  #noted(note: Note, line: FactLine): void {
    switch (note.type) {
      case 'peer-down':
        return this.#fellSilent(note.node, line);
      case 'peer-up':
        return this.#isHeard(note.node, line);
      case 'became-leader': {
        const { term, reason, by } = note;
        return this.#changed(this.#tracked(note.group), { term, to: line.self, reason, by }, line);
      }
      case 'leader-known':
      case 'stepped-down':
      case 'claim-lost':
        return this.#learned(this.#tracked(note.group), note.term, note.owner, line);
      case 'defended':
        return this.#defended(this.#tracked(note.group), note.term, line);
      case 'serving': {
        const { change } = this.#tracked(note.group);
        if (change === null || note.term < change.term) return;
        const { detectMs, claimMs, moveMs, startMs, totalMs } = note;
        change.phases ??= { detectMs, claimMs, moveMs, startMs, totalMs };
        return;
      }
      case 'yielded':
        this.#tracked(note.group).yieldedTo = note.to;
        return;
      case 'handover-abandoned': {
        const tracked = this.#tracked(note.group);
        tracked.yieldedTo = null;
        const by = tracked.asked?.target === note.to ? tracked.asked.by : '';
        this.#episodes.push({
          kind: 'refusal',
          ...placed(note.group, line),
          to: note.to,
          why: note.why,
          by,
        });
        return;
      }
      default:
        return;
    }
  }

  #learned(tracked: Tracked, term: Term, owner: NodeName, line: FactLine): void {
    if (term <= tracked.term) return;
    if (owner === tracked.owner) {
      tracked.term = term;
      if (tracked.silence !== null) tracked.silence.lastTerm = term;
      return;
    }
    const { record, yieldedTo, asked } = tracked;
    const isRecorded = record?.term === term;
    const reason = isRecorded ? record.reason : yieldedTo === owner ? 'switchover' : null;
    const by = isRecorded ? (record.requestedBy ?? '') : asked?.target === owner ? asked.by : '';
    this.#changed(tracked, { term, to: owner, reason, by }, line);
  }

  #changed(
    tracked: Tracked,
    { term, to, reason, by }: Pick<Change, 'term' | 'to' | 'reason' | 'by'>,
    line: FactLine,
  ): void {
    tracked.silence = null;
    this.#endStays(tracked);
    const { owner: from } = tracked;
    const change: Change = {
      kind: 'change',
      ...placed(tracked.group, line),
      term,
      from,
      to,
      reason,
      by,
      phases: null,
    };
    this.#episodes.push(change);
    Object.assign(tracked, { term, owner: to, change, yieldedTo: null, asked: null });
  }

  /** A record says what its owner's heartbeats do not: why. */
  #recorded(record: TermRecord, line: FactLine): void {
    const tracked = this.#tracked(record.group);
    tracked.record = record;
    const { change } = tracked;
    if (change?.term === record.term && change.reason === null) {
      change.reason = record.reason;
      change.by = record.requestedBy ?? '';
    }
    // Read at a start, before anything is noted: who led before this journal knew.
    if (tracked.owner === null && record.owner === line.self) {
      Object.assign(tracked, { term: record.term, owner: record.owner });
    }
  }

  #fellSilent(node: NodeName, line: FactLine): void {
    for (const tracked of this.#groups.values()) {
      if (tracked.owner === node) tracked.silence ??= stayOf(tracked, node, line);
      if (tracked.owner === line.self) tracked.defence ??= stayOf(tracked, line.self, line);
    }
  }

  #isHeard(node: NodeName, line: FactLine): void {
    for (const tracked of this.#groups.values()) {
      const { silence, defence } = tracked;
      if (silence?.owner === node) {
        this.#episodes.push(Object.assign(silence, { untilWallMs: line.wallMs, untilMs: line.atMs }));
        tracked.silence = null;
      }
      if (defence === null) continue;
      this.#episodes.push(Object.assign(defence, { untilWallMs: line.wallMs, untilMs: line.atMs }));
      tracked.defence = null;
    }
  }

  #defended(tracked: Tracked, term: Term, line: FactLine): void {
    const untilWallMs = tracked.defence?.untilWallMs ?? line.wallMs;
    if (line.wallMs - untilWallMs > STAY_ENDS_MS) this.#endStays(tracked);
    const defence = tracked.defence ?? stayOf(tracked, line.self, line);
    tracked.defence = defence;
    if (defence.renewals === 0) defence.firstTerm = term;
    defence.renewals += 1;
    Object.assign(defence, { lastTerm: term, untilWallMs: line.wallMs, untilMs: line.atMs });
    Object.assign(tracked, { term, owner: line.self });
  }

  #endStays(tracked: Tracked): void {
    if (tracked.silence !== null) this.#episodes.push(tracked.silence);
    if (tracked.defence !== null) this.#episodes.push(tracked.defence);
    tracked.silence = null;
    tracked.defence = null;
  }

  #answered(line: Extract<FactLine, { readonly kind: 'answered' }>): void {
    const asked = this.#asked.get(line.id);
    this.#asked.delete(line.id);
    if (asked === undefined || line.outcome.status === 'done') return;
    const { group, target, by } = asked;
    this.#tracked(group).asked = null;
    const before = this.#episodes.at(-1);
    const isTold =
      before?.kind === 'refusal' &&
      before.group === group &&
      before.to === target &&
      line.wallMs - before.wallMs < SAME_REQUEST_MS;
    if (isTold) before.by = by;
    else {
      const why = line.outcome.reason;
      this.#episodes.push({ kind: 'refusal', ...placed(group, line), to: target, why, by });
    }
  }
}

const placed = (group: GroupName, { wallMs, atMs, self, incarnation }: FactLine) => ({
  group,
  wallMs,
  atMs,
  self,
  incarnation,
});

function stayOf({ group, term }: Tracked, owner: NodeName, line: FactLine): Stay {
  const until: { untilWallMs: number | null; untilMs: Millis | null } = { untilWallMs: null, untilMs: null };
  return {
    kind: 'stay',
    ...placed(group, line),
    owner,
    firstTerm: term,
    lastTerm: term,
    renewals: 0,
    ...until,
  };
}
