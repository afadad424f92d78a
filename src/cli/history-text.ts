import type { ChangePhases, Episode } from '../journal/episode.ts';
import { localIso } from '../journal/wall-time.ts';
import { printable } from './printable.ts';

const HEADINGS = ['TIME', 'GROUP', 'TERM', 'FROM -> TO', 'REASON', 'WHO', 'PHASES IN MS'];

/** A table, a line for each, in the order given. */
export function historyText(episodes: readonly Episode[]): string {
  const rows = [HEADINGS, ...episodes.map(rowOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return printable(`${lines.join('\n')}\n`);
}

function rowOf(episode: Episode): readonly string[] {
  const placed = [localIso(episode.wallMs), episode.group];
  switch (episode.kind) {
    case 'change': {
      const { term, from, to, reason, by, phases } = episode;
      const why = reason ?? `(${to} knows)`;
      return [...placed, String(term), `${from ?? '?'} -> ${to}`, why, by || '-', phasesOf(phases)];
    }
    case 'stay': {
      const { firstTerm, lastTerm, owner } = episode;
      const terms = firstTerm === lastTerm ? String(firstTerm) : `${firstTerm}-${lastTerm}`;
      return [...placed, terms, `${owner} stayed`, 'a silence', '-', '-'];
    }
    case 'refusal':
      return [...placed, '-', `not to ${episode.to}`, episode.why, episode.by || '-', '-'];
  }
}

function phasesOf(phases: ChangePhases | null): string {
  if (phases === null) return '-';
  const { detectMs, claimMs, moveMs, startMs, totalMs } = phases;
  const parts = Object.entries({ detect: detectMs, claim: claimMs, move: moveMs, start: startMs });
  return `${parts.map(([name, ms]) => `${name} ${Math.round(ms)}`).join(', ')}, total ${Math.round(totalMs)}`;
}
