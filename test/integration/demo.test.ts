import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { markedProcesses } from '../../src/demo/cluster/marked-processes.ts';

const PROGRAM = fileURLToPath(new URL('../../src/demo/start.mjs', import.meta.url));
const WAIT = { timeout: 20_000, interval: 50 };

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

/** The demo as a user starts it, with a temporary folder of its own so that nothing of it can be missed. */
describe('the demo', () => {
  let folder: string;
  const runs: Run[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'demo-test-'));
  });
  afterEach(async () => {
    for (const { child, ended } of runs.splice(0)) {
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const startDemo = (...words: readonly string[]) => startNode([PROGRAM, ...words]);

  function startNode(words: readonly string[]): Run {
    const child = spawn(process.execPath, words, {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const ended = once(child, 'close').then(([code]) => code as number | null);
    const run = { child, output: () => output, ended };
    runs.push(run);
    return run;
  }

  /** Everything that a demo starts is marked with its process id. */
  const leftOf = ({ child }: Run) => markedProcesses(`demo-${child.pid}-`);

  it('plays the whole story, twice at the same time, and leaves nothing behind', async () => {
    const both = [startDemo('--script'), startDemo('--script')];
    await expect.poll(() => both.map((run) => leftOf(run).length > 1), WAIT).toEqual([true, true]);
    for (const run of both) {
      const code = await run.ended;
      expect(run.output()).toContain('All as it should be');
      expect(code).toBe(0);
      for (const step of STEPS) expect(run.output()).toMatch(step);
      expect(leftOf(run)).toEqual([]);
    }
    expect(readdirSync(folder)).toEqual([]);
  }, 150_000);

  it('ends with 1, what was expected, what was seen and the logs, when something is not as it should be', async () => {
    const run = startDemo('--script', '--max-gap', '200');
    expect(await run.ended).toBe(1);
    expect(run.output()).toMatch(/FAILED +main's machine dies/);
    expect(run.output()).toMatch(/expected: no more than 200 ms without an answer\n +seen: +[\d,]+ ms/);
    const [, logs = ''] = /The logs are in (\S+)/.exec(run.output()) ?? [];
    expect(existsSync(join(logs, 'aux', 'daemon.log'))).toBe(true);
    expect(leftOf(run)).toEqual([]);
  }, 60_000);

  it('refuses a profile that does not exist', async () => {
    const run = startDemo('--script', '--profile', 'quick');
    expect(await run.ended).toBe(64);
    expect(run.output()).toContain('there is no profile quick');
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['version', "versions', { value: { node: '20.1.0' } }", 'the demo needs Node.js 24 or newer, but '],
    ['system', "platform', { value: 'darwin' }", 'the demo needs Linux, this is darwin: '],
  ])('refuses the wrong %s in one sentence', async (_, pretended, sentence) => {
    const pretend = `data:text/javascript,Object.defineProperty(process, '${pretended})`;
    const run = startNode(['--import', pretend, PROGRAM]);
    expect(await run.ended).toBe(69);
    expect(run.output()).toContain(sentence);
    expect(run.output().trim().split('\n')).toHaveLength(1);
  });

  it('does what the keys say, tells it line by line, and takes everything down on q', async () => {
    const run = startDemo();
    const says = (pattern: RegExp) => expect.poll(run.output, WAIT).toMatch(pattern);
    await says(/main: leading/);
    await says(/client: main answers/);
    run.child.stdin?.write('k');
    await says(/main: dead, power off/);
    await says(/client: aux answers/);
    run.child.stdin?.write('r');
    await says(/moved to main, switchover/);
    run.child.stdin?.write('p');
    await says(/aux: the link to its peer is dead/);
    run.child.stdin?.write('pq');
    expect(await run.ended).toBe(0);
    expect(run.output()).toContain('Everything that was started is ended.');
    expect(leftOf(run)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  }, 60_000);

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'takes everything down on %s, also while it starts',
    async (signal, code) => {
      const run = startDemo();
      await expect.poll(() => leftOf(run).length, WAIT).toBeGreaterThan(0);
      run.child.kill(signal);
      expect(await run.ended).toBe(code);
      expect(leftOf(run)).toEqual([]);
      expect(readdirSync(folder)).toEqual([]);
    },
    30_000,
  );
});

const STEPS = [
  /ok +start-up: .+ ms\n +first: detect/,
  /ok +nothing happens.+\n.+ 0 of \d+ requests failed/,
  /ok +main's machine dies.+\n +aux answers, moved once.+\n +takeover: detect .+ = [\d,]+ ms/,
  /ok +main boots again.+\n +main answers, moved once, 0 of \d+ requests failed/,
  /ok +the heartbeat path is cut.+\n +main answers, the address stayed, 0 of \d+ requests failed/,
  /ok +the heartbeat path is mended.+\n +main answers, the address stayed, 0 of \d+ requests failed/,
  /ok +eipkeeper switchover --to aux.+\n +aux answers, moved once, 0 of \d+ requests failed/,
  /ok +eipkeeper switchover --to main.+\n +main answers, moved once, 0 of \d+ requests failed/,
  /ok +eipkeeper failover --to aux --force.+\n +aux answers, moved once/,
  /ok +EC2 is down.+\n +aux answers, the address stayed, 0 of \d+ requests failed/,
  /ok +deadtime becomes 5s.+\n +aux answers, the address stayed, 0 of \d+ requests failed/,
  /ok +only aux's daemon is killed.+\n +aux answers, the address stayed, 0 of \d+ requests failed/,
];
