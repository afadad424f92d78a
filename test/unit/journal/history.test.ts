import { describe, expect, it } from 'vitest';
import type { Episode } from '../../../src/journal/episode.ts';
import { recordedScenario } from './recorded-scenario.ts';

const brief = (episode: Episode): string => {
  switch (episode.kind) {
    case 'change':
      return `${episode.term} ${episode.from} -> ${episode.to} ${episode.reason} ${episode.by}`.trim();
    case 'stay':
      return `${episode.firstTerm}-${episode.lastTerm} ${episode.owner} stays`;
    case 'refusal':
      return `not to ${episode.to}: ${episode.why} (${episode.by})`;
  }
};
const historyOf = (name: string, node: string) => recordedScenario(name, node).episodes.map(brief);

describe('history', () => {
  it('lists a takeover on the node that took over, with its phases', () => {
    const { episodes } = recordedScenario('takeover', 'aux');
    expect(episodes.map(brief)).toContain('2 main -> aux takeover');
    const takeover = episodes.find((episode) => episode.kind === 'change' && episode.term === 2);
    expect(takeover).toMatchObject({ phases: { claimMs: 100, moveMs: 600 } });
  });

  it('lists a switchover on both nodes, with who asked for it', () => {
    for (const node of ['main', 'aux']) {
      expect(historyOf('switchover', node)).toContain('2 main -> aux switchover simulated operator');
    }
  });

  it('lists a failback, which nobody asked for', () => {
    // The machine was off meanwhile, so its clock began anew.
    expect(historyOf('failback', 'main')).toContainEqual(
      expect.stringMatching(/^\d+ aux -> main switchover$/),
    );
  });

  it('lists that a leader stayed through a partition, on both sides', () => {
    expect(historyOf('partition-with-witness', 'main').at(-1)).toMatch(/^2-\d+ main stays$/);
    expect(historyOf('partition-with-witness', 'aux').at(-1)).toMatch(/^\d-\d+ main stays$/);
  });

  it('lists that a leader stayed although neither it nor the other could reach the witness', () => {
    expect(historyOf('partition-without-witness', 'main').at(-1)).toMatch(/^\d-\d+ main stays$/);
  });

  it('lists a switchover that was refused, and why', () => {
    const [refusal] = historyOf('switchover-with-the-witness-down', 'main').filter((line) =>
      line.startsWith('not'),
    );
    expect(refusal).toMatch(/^not to aux: the witness .*\(simulated operator\)$/);
  });

  it('lists a forced failover with who forced it', () => {
    expect(historyOf('forced-failover-in-a-partition', 'aux').join('\n')).toMatch(
      /^\d+ main -> aux forced simulated operator$/m,
    );
  });
});
