import type { Command } from '../core/events.ts';
import type { FactLine } from '../journal/fact.ts';
import { localIso } from '../journal/wall-time.ts';
import { type Severity, sentenceOf } from '../observability/sentences.ts';

/** One thing that happened, as `events` prints it. */
export interface EventLine {
  /** ISO 8601, by the clock of the node and the zone of this machine. */
  readonly time: string;
  readonly node: string;
  readonly severity: Severity;
  /** "took-over", "asked": for programs. */
  readonly type: string;
  /** null: it concerns no group, or all. */
  readonly group: string | null;
  readonly text: string;
}

/** null for what is kept for `explain` only. */
export function eventLine(fact: FactLine, addressOf: (group: string) => string): EventLine | null {
  const said = describe(fact, addressOf);
  return said === null ? null : { time: localIso(fact.wallMs), node: fact.self, ...said };
}

function describe(
  fact: FactLine,
  addressOf: (group: string) => string,
): Omit<EventLine, 'time' | 'node'> | null {
  const plain = (severity: Severity, text: string, group: string | null = null) => ({
    severity,
    type: fact.kind,
    group,
    text,
  });
  switch (fact.kind) {
    case 'started':
      return plain('info', `${fact.self} starts, eipkeeper ${fact.version}`);
    case 'note': {
      const { severity, text } = sentenceOf(fact.note, { self: fact.self, addressOf });
      const group = 'group' in fact.note ? fact.note.group : null;
      return { severity, type: fact.note.type, group, text };
    }
    case 'asked': {
      const { command } = fact;
      return plain('info', asked(command), 'group' in command ? command.group : null);
    }
    case 'answered': {
      const { status, reason } = fact.outcome;
      return plain(status === 'done' ? 'info' : 'warn', `answered: ${status}${reason && `, ${reason}`}`);
    }
    case 'broke-down':
      return plain('error', `${fact.self} broke down: ${fact.reason}`);
    case 'lost':
      return plain('warn', `the journal could not be written: ${fact.texts} texts are missing so far`);
    case 'record':
      return null;
  }
}

function asked(command: Command): string {
  const group = 'group' in command ? (command.group ?? 'all groups') : '';
  switch (command.type) {
    case 'move': {
      const what = command.kind === 'force' ? 'a forced failover' : 'a switchover';
      return `${command.by} asks for ${what} of ${group} to ${command.target}`;
    }
    case 'set-drained':
      return `${command.by} asks for ${command.drained ? 'standby' : 'online'}`;
    case 'maintenance':
      return `${command.by} sets maintenance of ${group} ${command.on ? 'on' : 'off'}`;
    case 'cleanup':
      return `${command.by} has the failures of ${group} forgotten on ${command.node ?? 'all nodes'}`;
    case 'forget':
      return `${command.by} has ${command.node} forgotten`;
    case 'stop':
      return command.mode === 'hold' ? 'it is asked to restart' : 'it is asked to stop';
  }
}
