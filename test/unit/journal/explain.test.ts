import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localIso, localTime } from '../../../src/journal/wall-time.ts';
import { journalOf, type NodeJournal, recordedScenario, textsOf } from './recorded-scenario.ts';

const last = ({ episodes, explain }: NodeJournal) => explain(episodes.at(-1));
const change = ({ episodes, explain }: NodeJournal, term: number) =>
  explain(episodes.find((episode) => episode.kind === 'change' && episode.term === term));

describe('explaining', () => {
  it('a takeover: who was silent, what the witness and EC2 said, what was created', () => {
    const { headline, sentences, isRecorded } = change(recordedScenario('takeover', 'aux'), 2);
    expect(isRecorded).toBe(true);
    expect(headline).toMatch(/^aux leads web after main since .*, term 2: the leader before fell silent\.$/);
    expect(sentences.map(({ text }) => text)).toEqual([
      "aux asked the witness for the newest term; after 100 ms the witness answered: no term newer than 1, which is main's, so main had not defended itself.",
      'aux asked EC2 where the address 203.0.113.10 is; after 150 ms EC2 answered: on main.',
      'main has been silent for 1000 ms and is taken for dead.',
      expect.stringMatching(/^aux had heard nothing from main for 1,0\d\d ms\.$/),
      'term 1 did not bind aux: main had renounced its lease while they heard each other.',
      'aux created term 2 at the witness in 100 ms.',
      'aux had EC2 move the address 203.0.113.10 to itself in 600 ms.',
      expect.stringMatching(
        /^leader aux, term 2: address 203\.0\.113\.10 is on aux \(takeover: detect 10\d\d ms/,
      ),
    ]);
    // In the order of time.
    expect(sentences.map(({ wallMs }) => wallMs)).toEqual(
      sentences.map(({ wallMs }) => wallMs).sort((a, b) => a - b),
    );
  });

  it('silence on each of the paths, and which of them was dead before', () => {
    const journal = recordedScenario('takeover', 'aux');
    const onTwo = journal.recordings.map((recording) => ({
      ...recording,
      head: { ...recording.head, paths: 2 },
    }));
    const texts = textsOf(change(journalOf(journal.facts, onTwo), 2));
    expect(texts).toContain(
      'aux had heard nothing from main for N ms on both paths (path 2 was dead before).',
    );
  });

  it('a switchover by the steps of the handover, on the old leader and on the new one', () => {
    const onMain = textsOf(change(recordedScenario('switchover', 'main'), 2));
    expect(onMain).toEqual(
      expect.arrayContaining([
        'simulated operator asked for a switchover to aux.',
        'handing over to aux: an operator asked for it.',
        'aux said that it is ready.',
        'term 1: aux is ready and may take the next one.',
        'leader aux, term 2: main leads no longer.',
      ]),
    );
    const onAux = textsOf(change(recordedScenario('switchover', 'aux'), 2));
    expect(onAux.slice(0, 3)).toEqual([
      'main asked aux to get ready to take over.',
      "aux asked the witness for the newest term; after N ms the witness answered: no term newer than 1, which is main's.",
      'main let aux create the term after 1.',
    ]);
    expect(onAux.join()).not.toContain('had heard nothing');
  });

  it('why nothing changed in a partition, on the leader that defended', () => {
    const { headline, sentences } = last(recordedScenario('partition-with-witness', 'main'));
    expect(headline).toContain('main went on leading web through a silence');
    const texts = sentences.map(({ text }) => text);
    expect(texts[0]).toMatch(/^main had heard nothing from aux for \d+ ms\.$/);
    expect(texts[1]).toBe('main created term 2 at the witness in 100 ms.');
    expect(texts.at(-1)).toMatch(/^main had created the terms 2 to \d+ itself, before anybody else could/);
    expect(texts.length).toBeLessThan(10);
  });

  it('why nothing changed in a partition, on the standby that waited', () => {
    const texts = textsOf(last(recordedScenario('partition-with-witness', 'aux')));
    expect(texts).toContain('main has been silent for N ms and is taken for dead.');
    expect(texts.at(-1)).toMatch(
      /^main renewed its term at the witness \(\d+ to \d+\), which only a living leader/,
    );
  });

  it('why a switchover was refused', () => {
    const { headline } = last(recordedScenario('switchover-with-the-witness-down', 'main'));
    expect(headline).toMatch(
      /^web was not moved to aux, which simulated operator asked for, at .*: the witness/,
    );
  });

  it('from the notes alone when the recording is gone, and says so', () => {
    const { facts } = recordedScenario('takeover', 'aux');
    const explanation = change(journalOf(facts, []), 2);
    expect(explanation.isRecorded).toBe(false);
    expect(textsOf(explanation)).toEqual(
      expect.arrayContaining([
        'main has been silent for N ms and is taken for dead.',
        'leader aux, term 2: the leader before fell silent.',
      ]),
    );
  });

  it('every episode of many scenarios, in bounded words', () => {
    for (const name of [
      'restart-adopts',
      'exclusive-takeover',
      'ec2-down',
      'moved-by-hand',
      'create-answer-lost',
      'stopped-instance-with-the-witness-down',
      'third-node-dead-for-long',
    ]) {
      for (const node of ['main', 'aux']) {
        const journal = recordedScenario(name, node);
        expect(journal.episodes.length, `${name} on ${node}`).toBeGreaterThan(0);
        for (const episode of journal.episodes) {
          const { headline, sentences } = journal.explain(episode);
          expect(headline).not.toMatch(/undefined|NaN|\[object/);
          expect(sentences.map(({ text }) => text).join('\n')).not.toMatch(/undefined|NaN|\[object|\.\.$/m);
          expect(sentences.length).toBeLessThan(45);
        }
      }
    }
  });
});

describe('times for people', () => {
  const before = process.env.TZ;
  beforeEach(() => {
    process.env.TZ = 'Asia/Kolkata';
  });
  afterEach(() => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  });

  it('are local, with milliseconds and the zone', () => {
    const wallMs = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
    expect(localIso(wallMs)).toBe('2026-01-02T08:34:05.006+05:30');
    expect(localTime(wallMs)).toBe('08:34:05.006');
    expect(Date.parse(localIso(wallMs))).toBe(wallMs);
  });
});
