import { Journal, journalDirectory } from '../journal/journal.ts';
import type { Clock } from './clock.ts';
import type { RunningNodeOptions } from './running-node.ts';

/** null: the configuration wants none. */
export function createJournal(
  { parts, version, log }: Pick<RunningNodeOptions, 'parts' | 'version' | 'log'>,
  clock: Clock,
): Journal | null {
  const { file } = parts.configuration;
  if (file.journal === null) return null;
  return new Journal({
    directory: journalDirectory(file.stateDirectory),
    bytesMost: file.journal.bytesMost,
    version,
    paths: file.nodes[parts.self]?.addresses.length ?? 1,
    wallMsAt: (nowMs) => clock.wallMs() - clock.nowMs() + nowMs,
    onTrouble: (sentence) => log.warn(sentence),
  });
}
