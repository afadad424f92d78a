import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { journalDirectory } from '../../src/journal/journal.ts';
import { readFacts, readRecordings } from '../../src/journal/read-journal.ts';
import { replay } from '../../src/journal/replay.ts';
import { type Name, Pair } from './support/pair.ts';

const WAIT = { timeout: 15_000, interval: 20 };

/** Real daemons, as processes, and the emulated AWS. */
describe('the journals of two daemons', () => {
  let pair: Pair;
  beforeEach(async () => {
    pair = new Pair();
    await pair.start({ resources: [] });
  });
  afterEach(() => pair.close());

  const journalOf = (name: Name) => journalDirectory(join(pair.node(name).dir, 'state'));
  const said = (name: Name) => pair.node(name).lines.join('\n');

  /** What was said a moment ago may still be on its way to the disk, the steps that led to it behind it. */
  const isWritten = (name: Name) =>
    expect
      .poll(async () => {
        const serving = (await readFacts(journalOf(name))).findLast(
          (fact) => fact.kind === 'note' && fact.note.type === 'serving',
        );
        const { recordings } = await readRecordings(journalOf(name));
        const lastStepMs = recordings.at(-1)?.steps.at(-1)?.event.at.nowMs ?? Number.NEGATIVE_INFINITY;
        return serving !== undefined && lastStepMs >= serving.atMs;
      }, WAIT)
      .toBe(true);

  async function takeover() {
    pair.startDaemon('main');
    pair.startDaemon('aux');
    await expect.poll(() => pair.holder(), WAIT).not.toBe('');
    const leader = pair.holder() as Name;
    const standby = leader === 'main' ? 'aux' : 'main';
    await expect.poll(() => said(leader), WAIT).toContain(`is on ${leader}`);
    await isWritten(leader);
    await pair.end(leader, 'SIGKILL');
    await expect.poll(() => said(standby), WAIT).toContain('(takeover: detect');
    await isWritten(standby);
    return { leader, standby } as const;
  }

  it('replay to the decisions that were made', async () => {
    const { leader, standby } = await takeover();
    await pair.end(standby, 'SIGTERM');
    for (const name of [leader, standby]) {
      const { recordings, damagedLines } = await readRecordings(journalOf(name));
      expect(damagedLines).toBe(0);
      expect(recordings.map(replay).filter(({ difference }) => difference !== null)).toEqual([]);
      const decisions = recordings.flatMap((recording) => replay(recording).decisions);
      const facts = await readFacts(journalOf(name));
      const notes = facts.flatMap((fact) => (fact.kind === 'note' ? [fact.note] : []));
      expect(decisions.flatMap((effect) => (effect.type === 'note' ? [effect.note] : []))).toEqual(notes);
      expect(notes.map(({ type }) => type)).toContain('serving');
    }
  });

  it('tell after a takeover what happened and why, with no daemon running', async () => {
    const { leader, standby } = await takeover();
    await pair.end(standby, 'SIGKILL');
    const history = await pair.command(standby, 'history');
    expect(history).toMatchObject({ code: 0 });
    expect(history.output.trimEnd().split('\n').at(-1)).toMatch(
      new RegExp(`web +2 +${leader} -> ${standby} +takeover +- +detect \\d+, claim \\d+, move \\d+`),
    );
    const { output, code } = await pair.command(standby, 'explain', '--last');
    expect(code).toBe(0);
    expect(output).toMatch(
      new RegExp(`^${standby} leads web after ${leader} since .*, term 2: the leader before`, 'm'),
    );
    expect(output).toMatch(new RegExp(`${standby} had heard nothing from ${leader} for [\\d,]+ ms\\.`));
    // Renounced already, or waited for: which, depends on how long the leader had led.
    expect(output).toMatch(new RegExp(`term 1 (did not bind|had bound) ${standby}`));
    expect(output).toContain(`so ${leader} had not defended itself.`);
    expect(output).toMatch(new RegExp(`${standby} created term 2 at the witness in \\d+ ms\\.`));
    const verified = await pair.command(standby, 'explain', '--verify');
    expect(verified.output).toMatch(/^\d+ steps in \d+ recordings, replayed: the same decisions$/m);
  });

  it('tell of a switchover who asked for it, on both nodes', async () => {
    pair.startDaemon('main');
    pair.startDaemon('aux');
    await expect.poll(() => said('main') + said('aux'), WAIT).toMatch(/address \S+ is on /);
    const leader = pair.holder() as Name;
    const other = leader === 'main' ? 'aux' : 'main';
    await expect
      .poll(async () => (await pair.command(leader, 'switchover', '--to', other)).code, {
        ...WAIT,
        interval: 500,
      })
      .toBe(0);
    for (const name of ['main', 'aux'] as const) {
      const { output } = await pair.command(name, 'history', '--output', 'json');
      // On a busy machine a silence may have come after it.
      const change = JSON.parse(output).findLast(({ kind }: { kind: string }) => kind === 'change');
      expect(change).toMatchObject({ from: leader, to: other, reason: 'switchover' });
      expect(change.by).toMatch(new RegExp(` on ${leader}$`));
    }
  });

  it('are not for everybody to read', async () => {
    if (process.getuid?.() !== 0) return;
    pair.startDaemon('main');
    await expect.poll(() => said('main'), WAIT).toContain('main runs');
    const program = new URL('../../src/main.ts', import.meta.url).pathname;
    const args = [program, 'history', '--journal', journalOf('main')];
    const { status, stderr } = spawnSync(process.execPath, args, {
      uid: 65_534,
      gid: 65_534,
      encoding: 'utf8',
    });
    expect(stderr).toContain('only root may read it');
    expect(status).toBe(77);
  });

  it('do not hold up anything when their disk hangs', async () => {
    for (const name of ['main', 'aux'] as const) {
      mkdirSync(journalOf(name), { recursive: true });
      // Whoever opens a pipe that nobody reads waits, as on a disk that has gone away.
      execFileSync('mkfifo', [join(journalOf(name), 'facts-000001.jsonl')]);
    }
    pair.startDaemon('main');
    pair.startDaemon('aux');
    await expect.poll(() => pair.holder(), WAIT).not.toBe('');
    const leader = pair.holder() as Name;
    const standby = leader === 'main' ? 'aux' : 'main';
    await expect.poll(() => said(leader), WAIT).toContain(`is on ${leader}`);
    await pair.end(leader, 'SIGKILL');
    await expect.poll(() => said(standby), WAIT).toContain('(takeover: detect');
    expect(pair.holder()).toBe(standby);
  });
});
