import type { StatusSnapshot } from '../control/status-snapshot.ts';
import type { CliIo, Terminal } from './cli-io.ts';
import { painted } from './paint.ts';
import { statusChanges } from './status-changes.ts';
import { statusText } from './status-text.ts';

const CHANGES_MAX = 200;

/** `status --watch` on a terminal: the page is painted anew in its place, the newest changes below it. */
export function statusScreen(io: CliIo, terminal: Terminal): (snapshot: StatusSnapshot) => void {
  let last: StatusSnapshot | null = null;
  let changes: readonly string[] = [];
  return (snapshot) => {
    if (last !== null) {
      const news = statusChanges(last, snapshot).map((line) => `${snapshot.time} ${line}`);
      changes = [...changes, ...news].slice(-CHANGES_MAX);
    }
    const { rows, columns } = terminal.size();
    const page = [...statusText(snapshot).split('\n'), 'Changes (Ctrl-C ends):'];
    // The cursor stands below the last line.
    const room = Math.max(0, rows - page.length - 1);
    const lines = [...page, ...(room === 0 ? [] : changes.slice(-room))].slice(0, rows - 1);
    // What does not fit is cut: a line that wraps would shift all below it.
    const text = painted(io, lines.map((line) => line.slice(0, columns)).join('\n'));
    const start = last === null ? '\u001b[2J\u001b[H' : '\u001b[H';
    io.stdout(`${start}${text.replaceAll('\n', '\u001b[K\n')}\u001b[K\n\u001b[J`);
    last = snapshot;
  };
}
