import type { Note } from '../../core/notes.ts';
import type { GroupName, TermReason } from '../../core/types.ts';
import type { Exposition } from './exposition.ts';
import { Histogram } from './histogram.ts';

const PHASE_BOUNDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 30];
const CALL_BOUNDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** A term that was renewed is the same leadership. */
const REASONS: readonly TermReason[] = [
  'first',
  'takeover',
  'switchover',
  'revoke',
  'forced',
  'adopt',
  'acting',
];

/**
 * What has to be counted when it happens. Bounded: by groups and reasons, and by the operations that this
 * program knows.
 */
export class EventCounters {
  readonly #leaderships = new Map<
    string,
    { readonly group: GroupName; readonly reason: string; count: number }
  >();
  readonly #phases = new Map<string, { readonly labels: readonly string[]; readonly histogram: Histogram }>();
  readonly #calls = new Map<string, { readonly labels: readonly string[]; count: number }>();
  readonly #durations = new Map<
    string,
    { readonly labels: readonly string[]; readonly histogram: Histogram }
  >();

  note(note: Note): void {
    if (note.type !== 'serving') return;
    const { group, reason } = note;
    this.#leadership(group, reason).count += 1;
    const phases = {
      detect: note.detectMs,
      claim: note.claimMs,
      move: note.moveMs,
      start: note.startMs,
      total: note.totalMs,
    };
    for (const [phase, ms] of Object.entries(phases)) {
      observe(this.#phases, [group, reason, phase], PHASE_BOUNDS, ms);
    }
  }

  /** `operation`: "EC2 DescribeAddresses". `result`: "ok", or how it failed. */
  apiCall(operation: string, result: string, tookMs: number): void {
    const [service = '', name = ''] = operation.split(' ');
    const labels = [service.toLowerCase(), name];
    const key = [...labels, result].join(' ');
    const known = this.#calls.get(key);
    if (known === undefined) this.#calls.set(key, { labels: [...labels, result], count: 1 });
    else known.count += 1;
    observe(this.#durations, labels, CALL_BOUNDS, tookMs);
  }

  writeTo(exposition: Exposition, groups: readonly GroupName[]): void {
    for (const group of groups) {
      for (const reason of REASONS) {
        exposition.add('leaderships', this.#leadership(group, reason).count, group, reason);
      }
    }
    for (const { labels, histogram } of this.#phases.values())
      exposition.addHistogram('takeoverPhase', histogram, ...labels);
    for (const { labels, count } of this.#calls.values()) exposition.add('apiCalls', count, ...labels);
    for (const { labels, histogram } of this.#durations.values())
      exposition.addHistogram('apiSeconds', histogram, ...labels);
  }

  #leadership(group: GroupName, reason: TermReason): { count: number } {
    const key = `${group} ${reason}`;
    const known = this.#leaderships.get(key);
    if (known !== undefined) return known;
    const fresh = { group, reason, count: 0 };
    this.#leaderships.set(key, fresh);
    return fresh;
  }
}

function observe(
  histograms: Map<string, { readonly labels: readonly string[]; readonly histogram: Histogram }>,
  labels: readonly string[],
  bounds: readonly number[],
  ms: number,
): void {
  const key = labels.join(' ');
  let known = histograms.get(key);
  if (known === undefined) {
    known = { labels, histogram: new Histogram(bounds) };
    histograms.set(key, known);
  }
  known.histogram.observe(ms / 1_000);
}
