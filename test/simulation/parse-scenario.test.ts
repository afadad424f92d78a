import { describe, expect, it } from 'vitest';
import { realCore } from '../../src/simulation/real-core.ts';
import { durationMs, parseScenario } from '../../src/simulation/scenario/parse-scenario.ts';
import { runScenario } from '../../src/simulation/scenario/run-scenario.ts';

describe('a scenario file', () => {
  it('must open with the reason for its being', () => {
    expect(() => parseScenario('at 1s crash main')).toThrow(/opens with a sentence/);
  });

  it('is refused with the line of what nobody knows', () => {
    expect(() => parseScenario('# why\nat 1s explode main')).toThrow('line 2: nobody knows "explode"');
    expect(() => parseScenario('# why\nat soon crash main')).toThrow(/line 2: "soon" is no duration/);
    expect(() => parseScenario('# why\nat 2s run\nat 1s run')).toThrow(/line 3: time runs backwards/);
  });

  it('keeps what stands above the transcript when it is recorded anew', () => {
    const text = '# why\n\nat 1s crash main for 2s';
    expect(parseScenario(`${text}\n---\n      0 main daemon starts\n`)).toMatchObject({
      head: text,
      transcript: '      0 main daemon starts',
    });
  });

  it('complains about an expectation that is not met, with its line', () => {
    const { complaints } = runScenario(parseScenario('# why\nat 8s expect leader aux'), realCore);
    expect(complaints).toEqual(['line 2, 8000 ms: expected leader aux, found main']);
  });

  it('reads durations in ms, s and m', () => {
    expect(['250ms', '1.5s', '3m'].map(durationMs)).toEqual([250, 1_500, 180_000]);
  });
});
