import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bashCompletion } from '../../../scripts/command-line/bash-completion.ts';
import { allCommands, commandTree } from '../../../scripts/command-line/command-tree.ts';
import { fishCompletion } from '../../../scripts/command-line/fish-completion.ts';
import { manPage } from '../../../scripts/command-line/man-page.ts';
import { zshCompletion } from '../../../scripts/command-line/zsh-completion.ts';
import { describeWhere, missingPrograms } from '../../support/describe-where.ts';

const tree = commandTree();
const folder = mkdtempSync(join(tmpdir(), 'eipkeeper-words-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
const outputOf = (program: string, ...words: readonly string[]): string =>
  execFileSync(program, words, { encoding: 'utf8', env: { ...process.env, MANWIDTH: '100' } });

describe('the man page', () => {
  const page = manPage(tree, { version: '1.2.3', date: '2026-01-02' });

  it('has every command, option and exit code', () => {
    const shown = page.replaceAll('\\-', '-');
    for (const { path, options, commands } of allCommands(tree)) {
      if (path.length > 0 && commands.length === 0)
        expect(shown).toContain(`.SS "eipkeeper ${path.join(' ')}`);
      for (const { flags } of options) expect(shown).toContain(`.B ${flags}`);
    }
    expect(shown).toMatch(/\.SH EXIT STATUS\n\.nf\n.*107 refused: it would do harm/s);
    expect(shown).not.toContain('undefined');
  });
});

describeWhere(missingPrograms({ man: 'man-db' }), 'the man page, as man reads it', () => {
  it('is free of warnings', () => {
    const path = written('eipkeeper.8', manPage(tree, { version: '1.2.3', date: '2026-01-02' }));
    const shown = execFileSync('sh', ['-c', 'man --warnings -l "$1" 2>&1', 'sh', path], {
      encoding: 'utf8',
      env: { ...process.env, MANWIDTH: '100', LC_ALL: 'C.UTF-8' },
    });
    expect(shown).not.toMatch(/warning|error:/);
    expect(shown).toContain('eipkeeper switchover');
  });
});

describe('the completion of bash', () => {
  const script = written('eipkeeper.bash', bashCompletion(tree));
  const completed = (...words: readonly string[]): string[] =>
    outputOf(
      'bash',
      '-c',
      `. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _eipkeeper; printf '%s\\n' "\${COMPREPLY[@]}"`,
      'bash',
      script,
      'eipkeeper',
      ...words,
    )
      .trim()
      .split('\n');

  it('knows the commands, those below them, and their options', () => {
    expect(completed('sw')).toEqual(['switchover']);
    expect(completed('config', '')).toContain('check');
    expect(completed('status', '--wa')).toEqual(['--watch']);
    expect(completed('maintenance', 'o')).toEqual(['on', 'off']);
  });

  it('knows the values of an option, and takes files for the others', () => {
    expect(completed('status', '--output', '')).toEqual(['text', 'json']);
    expect(completed('run', '-c', `${folder}/eip`)).toContain(script);
  });
});

describeWhere(missingPrograms({ zsh: 'zsh', fish: 'fish' }), 'the completions of zsh and fish', () => {
  it('are read by them', () => {
    outputOf('zsh', '-n', written('_eipkeeper', zshCompletion(tree)));
    outputOf('fish', '-n', written('eipkeeper.fish', fishCompletion(tree)));
  });

  it('know commands, options and values in fish', () => {
    const path = written('eipkeeper.fish', fishCompletion(tree));
    const completed = (line: string) =>
      outputOf('fish', '--no-config', '-c', `source ${path}; complete -C '${line}'`);
    expect(completed('eipkeeper sw')).toMatch(/^switchover\t/);
    expect(completed('eipkeeper config ')).toMatch(/^check\t/m);
    expect(completed('eipkeeper status --output ')).toMatch(/^json/m);
  });
});
