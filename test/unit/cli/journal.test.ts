import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeHead } from '../../../src/journal/recording.ts';
import { StepEncoder } from '../../../src/journal/step-codec.ts';
import { GOOD } from '../config/configuration-fixture.ts';
import { recordedScenario } from '../journal/recorded-scenario.ts';
import { CliHarness } from './cli-harness.ts';

let harness: CliHarness;
let directory = '';

beforeEach(async () => {
  harness = new CliHarness();
  directory = await mkdtemp(join(tmpdir(), 'journal-cli-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const run = (...argv: readonly string[]) => harness.run(...argv, '--journal', join(directory, 'journal'));

/** On disk as the daemon of a scenario would have left it. */
async function leave(name: string, node: string, spoil: (digest: string) => string = (digest) => digest) {
  const { facts, recordings } = recordedScenario(name, node);
  await mkdir(join(directory, 'journal'));
  const lines = recordings.flatMap(({ head, steps }) => {
    const encoder = new StepEncoder();
    const texts = steps.map(({ event, effects, digest }) => {
      const line = JSON.parse(encoder.encode(event, effects)) as Record<string, unknown>;
      // The encoder sees only what was kept; the digest is of all.
      if (digest === '') return JSON.stringify(line);
      return JSON.stringify({ ...line, d: spoil(digest) });
    });
    return [encodeHead(head), ...texts];
  });
  await writeFile(join(directory, 'journal', 'steps-000001.jsonl'), `${lines.join('\n')}\n`);
  const texts = facts.map((fact) => JSON.stringify(fact));
  await writeFile(join(directory, 'journal', 'facts-000001.jsonl'), `${texts.join('\n')}\n`);
}

describe('eipkeeper history', () => {
  it('lists what happened, newest last, without a daemon', async () => {
    await leave('takeover', 'aux');
    const { stdout, exitCode } = await run('history');
    expect(exitCode).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^TIME +GROUP +TERM +FROM -> TO +REASON +WHO +PHASES IN MS$/);
    expect(lines.at(-1)).toMatch(
      /^2026-11-2\dT\S+[+-]\d\d:\d\d +web +2 +main -> aux +takeover +- +detect \d+, claim 100, move 600, start 0, total \d+$/,
    );
  });

  it('gives programs the same, the newest so many', async () => {
    await leave('switchover', 'aux');
    const { stdout } = await run('history', '--output', 'json', '--limit', '1');
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({
        kind: 'change',
        group: 'web',
        node: 'aux',
        term: 2,
        from: 'main',
        to: 'aux',
        reason: 'switchover',
        by: 'simulated operator',
        phases: expect.objectContaining({ claimMs: 100, moveMs: 600 }),
      }),
    ]);
  });

  it('says in a sentence that there is no journal yet, and gives programs an empty list', async () => {
    const text = await run('history');
    expect(text).toMatchObject({ exitCode: 0, stderr: '' });
    expect(text.stdout).toContain('there is no journal in');
    expect((await run('history', '--output', 'json')).stdout).toBe('[]\n');
  });

  it('refuses a limit that is no number', async () => {
    expect((await run('history', '--limit', 'all')).exitCode).toBe(64);
  });

  it('shows nothing that moves the cursor', async () => {
    await leave('takeover', 'aux');
    const file = join(directory, 'journal', 'facts-000001.jsonl');
    const base = { wallMs: 1, atMs: 1, self: 'main', incarnation: 'aa', kind: 'note' };
    const note = { type: 'handover-abandoned', group: 'web', to: 'aux', why: '\u001b[2Jgone' };
    await writeFile(file, `${JSON.stringify({ ...base, note })}\n`);
    expect((await run('history')).stdout).toContain('?[2Jgone');
  });
});

describe('eipkeeper explain', () => {
  it('says why the last change happened', async () => {
    await leave('takeover', 'aux');
    const { stdout, exitCode } = await run('explain', '--last');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^aux leads web after main since \S+, term 2: the leader before fell silent\.$/m);
    expect(stdout).toMatch(
      /^ {2}\d\d:\d\d:\d\d\.\d{3} {2}aux had heard nothing from main for 1,0\d\d ms\.$/m,
    );
    expect(stdout).toMatch(/aux created term 2 at the witness in 100 ms\./);
  });

  it('adds why nothing changed since', async () => {
    await leave('partition-with-witness', 'main');
    const { stdout } = await run('explain');
    expect(stdout).toMatch(/^main leads web .*term 1/m);
    expect(stdout).toMatch(/^main went on leading web through a silence/m);
  });

  it('explains a term that is asked for, and refuses one that is not known', async () => {
    await leave('takeover', 'aux');
    const { stdout } = await run('explain', '--term', '1', '--output', 'json');
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({ kind: 'change', term: 1, isRecorded: true, evidence: expect.any(Array) }),
    ]);
    const unknown = await run('explain', '--term', '99');
    expect(unknown).toMatchObject({ exitCode: 1, stdout: '' });
    expect(unknown.stderr).toContain('does not know term 99');
  });

  it('replays what was recorded, and names what is decided otherwise', async () => {
    await leave('takeover', 'aux');
    expect(await run('explain', '--verify')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^\d+ steps in \d+ recordings, replayed: the same decisions\n$/),
    });
    await rm(join(directory, 'journal'), { recursive: true });
    await leave('takeover', 'aux', () => 'spoiled');
    const { exitCode, stdout } = await run('explain', '--verify');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('eipkeeper simulated decided');
  });

  it('says in a sentence that there is no journal yet', async () => {
    const { stdout, exitCode } = await run('explain');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('there is no journal in');
  });
});

describe('eipkeeper events', () => {
  it('lists what was noted, as sentences, the newest so many', async () => {
    await leave('takeover', 'aux');
    const { stdout, exitCode } = await run('events', '--limit', '1000');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^2026-11-2\dT\S+ aux WARN: main has been silent for .* is taken for dead$/m);
    expect(stdout).toMatch(/^2026-11-2\dT\S+ aux web: .*leader aux, term 2/m);
    expect((await run('events', '--limit', '1')).stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  it('gives programs one object a line, of one group where one is named', async () => {
    await leave('takeover', 'aux');
    const facts = join(directory, 'journal', 'facts-000001.jsonl');
    const [line = ''] = (await readFile(facts, 'utf8')).split('\n');
    const note = { kind: 'note', note: { type: 'eligible', group: 'other' } };
    await appendFile(facts, `${JSON.stringify({ ...JSON.parse(line), ...note })}\n`);
    const { stdout } = await run('events', '--output', 'json', '--limit', '1000', '--group', 'other');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ type }) => type)).toContain('peer-down');
    expect(new Set(lines.map(({ group }) => group))).toEqual(new Set([null, 'other']));
    expect(Object.keys(lines[0] ?? {})).toEqual(['time', 'node', 'severity', 'type', 'group', 'text']);
  });

  it('says why there is nothing', async () => {
    const { stdout, stderr, exitCode } = await run('events');
    expect(exitCode).toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toContain('there is no journal in');
  });
});

describe('where the journal is looked for', () => {
  it('is below the stateDirectory of a file, whatever else is wrong in it', async () => {
    await leave('takeover', 'aux');
    const config = join(directory, 'wrong.yaml');
    await writeFile(config, `stateDirectory: ${directory}\ngroops: {}\n`);
    const { stdout, exitCode } = await harness.run('history', '--config', config);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('main -> aux');
  });

  it.each(['history', 'explain', 'events'])(
    '%s refuses a file that was named and is not there',
    async (verb) => {
      const config = join(directory, 'tpyo.yaml');
      const { stdout, stderr, exitCode } = await harness.run(verb, '--config', config);
      expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 78 });
      expect(stderr).toContain(`${config}: there is no such file`);
    },
  );
});

describe('a word with which nothing would be found', () => {
  it.each(['history', 'explain', 'events'])('%s names the groups that there are', async (verb) => {
    await leave('takeover', 'aux');
    const config = join(directory, 'eipkeeper.yaml');
    await writeFile(config, GOOD);
    const { stdout, stderr, exitCode } = await run(verb, '--group', 'wbe', '--config', config);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 64 });
    expect(stderr).toBe('eipkeeper: there is no group wbe; did you mean web?\n');
  });

  it.each(['history', 'explain', 'events'])(
    '%s does not say that there is no such group where no configuration tells',
    async (verb) => {
      await leave('takeover', 'aux');
      const { stdout, stderr, exitCode } = await run(verb, '--group', 'db');
      expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
      expect(stderr).toMatch(
        /nothing is noted of a group db, only of web; whether there is one is not known/,
      );
    },
  );

  it('is an error also where there is no journal, in both forms', async () => {
    for (const format of ['text', 'json']) {
      const { exitCode } = await run('explain', '--term', '7', '--output', format);
      expect(exitCode).toBe(1);
    }
  });
});
