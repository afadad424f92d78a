/** A broken promise of the protocol, found by a checker. */
export interface Violation {
  /** The name in PROTOCOL's "Safety and liveness", or what else went wrong ("core threw"). */
  readonly rule: string;
  readonly atMs: number;
  readonly what: string;
}
