import type { Expectation } from './fault.ts';

/** Deadtime 1 s, a term at 100 ms, a move at 600 ms, a start of nginx: 1.8 s; the rest is for a busy machine. */
export const TAKEOVER_MS = 5_000;
/** Nothing was to be noticed; so long may a busy machine keep the client waiting. */
export const UNTOUCHED_MS = 1_500;

export const NOTHING_HAPPENS: Expectation = {
  serves: 'main',
  moves: 0,
  lost: 'none',
  gapMsMost: UNTOUCHED_MS,
};
export const AUX_TAKES_OVER: Expectation = { serves: 'aux', moves: 1, lost: 'some', gapMsMost: TAKEOVER_MS };
/** As when only the program fails: nginx answers until the address has left. */
export const AUX_TAKES_OVER_SOFTLY: Expectation = { ...AUX_TAKES_OVER, lost: 'none' };
