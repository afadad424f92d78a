import type { Place } from './import-error.ts';

/**
 * What an operator should know of a line that was not taken over as it stands.
 * - `changed`: it means something else now, or something that nobody wrote was filled in.
 * - `left-out`: it is not in the configuration.
 * - `check`: it was guessed, or could not be found out.
 */
export interface Remark {
  readonly kind: 'changed' | 'left-out' | 'check';
  readonly place: Place | null;
  readonly text: string;
}
