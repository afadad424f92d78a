import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const CLI = fileURLToPath(new URL('../../src/simulation/cli.ts', import.meta.url));

describe('the simulator on the command line', () => {
  it.each([
    ['a timeline', ['--seed', 'abc'], '--seed abc'],
    ['an explanation', ['--explain', '--seed', '1.5'], '--seed 1.5'],
    ['a long run', ['--schedules', '2', '--seed', '0'], '--seed 0'],
    ['so many schedules', ['--schedules', 'many'], '--schedules many'],
  ])('refuses what is no whole number, asked for %s', (_, words, named) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...words], { encoding: 'utf8' });
    expect(stderr).toContain(`${named}: must be a whole number from 1 on. Nothing was run.`);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  });
});
