import type { Episode } from './episode.ts';
import { localIso } from './wall-time.ts';

/** An episode for programs: durations in milliseconds, times in ISO 8601. */
export function historyEntry(episode: Episode): object {
  const { kind, group, wallMs, self: node } = episode;
  const placed = { kind, time: localIso(wallMs), group, node };
  switch (episode.kind) {
    case 'change': {
      const { term, from, to, reason, by, phases } = episode;
      return { ...placed, term, from, to, reason, by, phases };
    }
    case 'stay': {
      const { owner, firstTerm, lastTerm, untilWallMs } = episode;
      const until = untilWallMs === null ? null : localIso(untilWallMs);
      return { ...placed, leader: owner, firstTerm, lastTerm, until };
    }
    case 'refusal':
      return { ...placed, to: episode.to, reason: episode.why, by: episode.by };
  }
}
