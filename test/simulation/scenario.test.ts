import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { realCore } from '../../src/simulation/real-core.ts';
import { parseScenario } from '../../src/simulation/scenario/parse-scenario.ts';
import { runScenario } from '../../src/simulation/scenario/run-scenario.ts';

const FOLDER = new URL('../scenario/', import.meta.url);
/** UPDATE_SCENARIOS=1 records the transcripts anew; expectations and promises must hold all the same. */
const update = process.env.UPDATE_SCENARIOS === '1';

describe('scenarios', () => {
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.txt'))) {
    it(file.slice(0, -'.txt'.length).replaceAll('-', ' '), () => {
      const url = new URL(file, FOLDER);
      const scenario = parseScenario(readFileSync(url, 'utf8'));
      const { transcript, complaints } = runScenario(scenario, realCore);
      expect(complaints, transcript).toEqual([]);
      if (update) writeFileSync(url, `${scenario.head}\n---\n${transcript}\n`);
      else expect(transcript).toBe(scenario.transcript);
    });
  }
});
