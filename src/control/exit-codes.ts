/**
 * Pacemaker's exit codes (crm_exit_e), so that scripts which know those need learn nothing. Those below 100 are
 * the ones of sysexits.h.
 */
export const EXIT = {
  ok: 0,
  error: 1,
  /** The command was typed wrong. */
  usage: 64,
  /** The daemon does not run, or something it needs does not answer. */
  unavailable: 69,
  /** Something passing stood in the way: try again. */
  tryAgain: 75,
  /** This user may not. */
  noPermission: 77,
  /** The configuration is wrong. */
  misconfigured: 78,
  /** The witness is out of reach, and without it nobody can decide. */
  noQuorum: 106,
  /** Refused because it would do harm; `--force` may be the way. */
  unsafe: 107,
  timeout: 124,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
