import type { CommandOutcome } from '../core/effects.ts';
import type { Command } from '../core/events.ts';
import type { StatusSnapshot } from './status-snapshot.ts';

/** What the daemon gives to the control socket. */
export interface ControlHandler {
  status(): StatusSnapshot;
  /**
   * Carries a command out; `id` and `by` are filled in by the server. Resolves when it is over; the server
   * stops waiting a little after the command's own timeout. A `stop` is over when it was accepted.
   */
  command(command: Command): Promise<CommandOutcome>;
  /** Reads the configuration again. A refusal changes nothing; its `reason` may have several lines. */
  reload(): Promise<CommandOutcome>;
  /** Calls the listener after every change that `status` would show; returns how to stop that. */
  subscribe(listener: () => void): () => void;
}
