import type { GroupStatus } from '../control/status-snapshot.ts';
import type { Note } from '../core/notes.ts';
import type { GroupName, NodeName } from '../core/types.ts';

type LastChange = NonNullable<GroupStatus['lastChange']>;
type FailedAction = GroupStatus['failedActions'][number];

const FAILED_ACTIONS_MAX = 10;

/** What `status` shows of the past: gathered from the notes, bounded, lost with the process. */
export class RecentFacts {
  readonly #now: () => Date;
  readonly #changes = new Map<GroupName, LastChange>();
  /** Of the newest change; null: this node. */
  readonly #leaders = new Map<GroupName, NodeName | null>();
  readonly #failed = new Map<GroupName, FailedAction[]>();
  #witness: {
    readonly state: 'up' | 'down' | 'unknown';
    readonly since: string | null;
    readonly reason: string;
  } = {
    state: 'unknown',
    since: null,
    reason: '',
  };

  constructor(now: () => Date) {
    this.#now = now;
  }

  get witness() {
    return this.#witness;
  }

  lastChange(group: GroupName): LastChange | null {
    return this.#changes.get(group) ?? null;
  }

  failedActions(group: GroupName): readonly FailedAction[] {
    return this.#failed.get(group) ?? [];
  }

  /** A call to the witness was answered: until the first, nobody knows whether it can be. */
  witnessAnswered(): void {
    if (this.#witness.state === 'unknown') this.#witness = { state: 'up', since: this.#at(), reason: '' };
  }

  take(note: Note): void {
    switch (note.type) {
      case 'witness-down':
        this.#witness = { state: 'down', since: this.#at(), reason: note.reason };
        return;
      case 'witness-up':
        this.#witness = { state: 'up', since: this.#at(), reason: '' };
        return;
      case 'became-leader': {
        const { reason, by } = note;
        this.#leaders.set(note.group, null);
        this.#changes.set(note.group, { at: this.#at(), reason, by, phases: null });
        return;
      }
      case 'leader-known':
      case 'stepped-down':
        // A leader that only renewed its term is no change.
        if (this.#leaders.get(note.group) === note.owner) return;
        this.#leaders.set(note.group, note.owner);
        // Why another node came to lead, that node knows.
        this.#changes.set(note.group, { at: this.#at(), reason: '', by: '', phases: null });
        return;
      case 'serving': {
        const { detectMs, claimMs, moveMs, startMs, totalMs, reason } = note;
        const before = this.#changes.get(note.group);
        const phases = { detectMs, claimMs, moveMs, startMs, totalMs };
        this.#changes.set(note.group, { at: before?.at ?? this.#at(), reason, by: before?.by ?? '', phases });
        return;
      }
      case 'services-failed':
        this.#addFailure(note.group, 'services', 'start', note.reason);
        return;
      case 'cleaned-up':
        this.#failed.delete(note.group);
        return;
      case 'address-failed':
        this.#addFailure(note.group, 'address', 'move', note.reason);
        return;
      case 'handover-abandoned':
        this.#addFailure(note.group, 'group', `handover to ${note.to}`, note.why);
        return;
      default:
        return;
    }
  }

  #addFailure(group: GroupName, resource: string, action: string, reason: string): void {
    const known = this.#failed.get(group) ?? [];
    const all = [...known, { at: this.#at(), resource, action, reason }];
    this.#failed.set(group, all.slice(-FAILED_ACTIONS_MAX));
  }

  #at(): string {
    return this.#now().toISOString();
  }
}
