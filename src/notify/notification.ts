import type { Category } from '../config/hook-schema.ts';
import type { Note } from '../core/notes.ts';

/** The document that a command reads on its standard input and a URL gets as its body. Fields are only added. */
export interface Notification {
  readonly version: 1;
  /** The same in every attempt to deliver it. */
  readonly id: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly cluster: string;
  /** Who says so: each node notifies of what it sees. */
  readonly node: string;
  /** null for what concerns the whole node. */
  readonly group: string | null;
  readonly event: Note['type'];
  readonly severity: 'info' | 'warn' | 'error';
  /** The sentence of the log. */
  readonly text: string;
  /** The facts of the event, by name; durations in milliseconds. */
  readonly details: Readonly<Record<string, unknown>>;
  /** How many before this one were given up since the last that was delivered. */
  readonly dropped: number;
}

const CATEGORY_OF: Partial<Record<Note['type'], Category>> = {
  'became-leader': 'leadership',
  'leader-known': 'leadership',
  'stepped-down': 'leadership',
  'authority-lost': 'leadership',
  'authority-regained': 'leadership',
  'claim-lost': 'leadership',
  acting: 'leadership',
  'left-leaderless': 'leadership',
  serving: 'leadership',
  'handover-started': 'handover',
  'handover-abandoned': 'handover',
  yielded: 'handover',
  'address-elsewhere': 'address',
  'address-failed': 'address',
  'witness-down': 'witness',
  'witness-up': 'witness',
  'peer-up': 'peers',
  'peer-down': 'peers',
  'departure-announced': 'instance',
  'departure-withdrawn': 'instance',
  leaving: 'instance',
};

/** Which kind of change it is; what is named nowhere else concerns services. */
export const categoryOf = (event: Note['type']): Category => CATEGORY_OF[event] ?? 'services';

/** A leader that renews its term every few seconds in a partition changes nothing. */
const SILENT: ReadonlySet<Note['type']> = new Set(['defended']);

/** Whether somebody who asked for `wanted` hears of it. */
export function concerns(
  { event, severity }: Pick<Notification, 'event' | 'severity'>,
  wanted: ReadonlySet<Category>,
): boolean {
  if (SILENT.has(event)) return false;
  if (severity !== 'info' && wanted.has('alarms')) return true;
  return wanted.has(categoryOf(event));
}

export function detailsOf(note: Note): Pick<Notification, 'group' | 'details'> {
  const { type: _type, group = null, ...details } = note as Note & { readonly group?: string };
  return { group, details };
}
