import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Episode } from '../../../src/journal/episode.ts';
import { type Explanation, explain } from '../../../src/journal/explain.ts';
import type { FactLine } from '../../../src/journal/fact.ts';
import { historyOf } from '../../../src/journal/history.ts';
import type { Recording } from '../../../src/journal/recording.ts';
import { realCore } from '../../../src/simulation/real-core.ts';
import { RecordedCore } from '../../../src/simulation/recorded-core.ts';
import { parseScenario } from '../../../src/simulation/scenario/parse-scenario.ts';
import { runScenario } from '../../../src/simulation/scenario/run-scenario.ts';

export interface NodeJournal {
  readonly facts: readonly FactLine[];
  readonly recordings: readonly Recording[];
  readonly episodes: readonly Episode[];
  readonly explain: (episode: Episode | undefined) => Explanation;
}

/** When every node's own clock stood at 0. */
const EPOCH_MS = Date.UTC(2026, 10, 21, 11);

/** The journal that a node would have left in a scenario of test/scenario. */
export function recordedScenario(name: string, node: string): NodeJournal {
  const path = fileURLToPath(new URL(`../../scenario/${name}.txt`, import.meta.url));
  const scenario = parseScenario(readFileSync(path, 'utf8'));
  const { paths } = scenario.setting;
  const recorded = new RecordedCore(realCore, { paths, wallMsAt: (_node, nowMs) => EPOCH_MS + nowMs });
  runScenario(scenario, recorded.core);
  return journalOf(recorded.facts(node), recorded.recordings(node));
}

export function journalOf(facts: readonly FactLine[], recordings: readonly Recording[]): NodeJournal {
  const options = { facts, recordings, addressOf: () => '203.0.113.10' };
  return {
    facts,
    recordings,
    episodes: historyOf(facts),
    explain: (episode) => {
      if (episode === undefined) throw new Error('there is nothing to explain');
      return explain(episode, options);
    },
  };
}

/** The sentences with every number of milliseconds and every time taken out. */
export const textsOf = ({ sentences }: Explanation): readonly string[] =>
  sentences.map(({ text }) => text.replace(/[\d,]+ ms/g, 'N ms'));
