import type { ControlHandler } from '../../../src/control/control-handler.ts';
import type { StatusSnapshot } from '../../../src/control/status-snapshot.ts';
import type { CommandOutcome } from '../../../src/core/effects.ts';
import type { Command } from '../../../src/core/events.ts';
import { statusSnapshot } from './snapshot-fixture.ts';

/** A daemon whose state the test sets, and which remembers what was asked of it. */
export class FakeHandler implements ControlHandler {
  snapshot: StatusSnapshot = statusSnapshot();
  outcome: CommandOutcome | Promise<CommandOutcome> | Error = { status: 'done', reason: '' };
  reloadOutcome: CommandOutcome = { status: 'done', reason: '' };
  readonly commands: Command[] = [];
  readonly listeners = new Set<() => void>();
  onCommand: (command: Command) => void = () => {};

  status(): StatusSnapshot {
    return this.snapshot;
  }

  async command(command: Command): Promise<CommandOutcome> {
    this.commands.push(command);
    this.onCommand(command);
    if (this.outcome instanceof Error) throw this.outcome;
    return this.outcome;
  }

  async reload(): Promise<CommandOutcome> {
    return this.reloadOutcome;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  become(snapshot: StatusSnapshot): void {
    this.snapshot = snapshot;
    for (const listener of this.listeners) listener();
  }
}
