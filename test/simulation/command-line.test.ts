import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { simulationArguments } from '../../src/simulation/arguments.ts';
import { WORLDS } from '../../src/simulation/worlds.ts';

const CLI = fileURLToPath(new URL('../../src/simulation/cli.ts', import.meta.url));

describe('the command line of the simulator', () => {
  it.each([
    [['--seed', 'abc'], '--seed abc: must be a whole number from 1 on'],
    [['--explain', '--seed', '1.5'], '--seed 1.5: must be a whole number from 1 on'],
    [['--schedules', '2', '--seed', '0'], '--seed 0: must be a whole number from 1 on'],
    [['--schedules', 'many'], '--schedules many: must be a whole number from 1 on'],
    [['--workers', '-1'], 'argument is ambiguous'],
    [['--profile', 'swift'], '--profile swift: must be one of default, fast, turbo, classic'],
    [['--nodes', '1'], '--nodes 1: must be one of 2, 3, 4, 5'],
    [['--kind', 'shared'], '--kind shared: must be one of address, exclusive'],
    [['--only', 'loss,rain'], '--only rain: must be one of loss, '],
    [['--sed', '1'], "Unknown option '--sed'"],
    [['rule-10'], 'nothing is known of "rule-10": words are for --mutants'],
  ])('refuses %j', (words, sentence) => {
    expect(() => simulationArguments(words)).toThrow(sentence);
  });

  it('goes through all worlds, or through the one that is asked for', () => {
    expect(simulationArguments([]).worlds).toEqual(WORLDS);
    expect(simulationArguments(['--nodes', '3', '--only', 'loss,delay']).worlds).toEqual([
      { profile: 'default', kind: 'address', nodes: 3, only: new Set(['loss', 'delay']) },
    ]);
  });

  it('says in a sentence what was typed wrong, and runs nothing', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, '--seed', 'abc'], {
      encoding: 'utf8',
    });
    expect(stderr).toBe(
      '--seed abc: must be a whole number from 1 on. Nothing was run; --help tells what can be typed.\n',
    );
    expect({ status, stdout }).toEqual({ status: 64, stdout: '' });
  });
});
