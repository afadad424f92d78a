import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { CliIo } from '../../src/cli/cli-io.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { configuration, GOOD } from './config/configuration-fixture.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'docker/README.md',
  'infra/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');
const withoutCode = (text: string): string =>
  text.replace(/^ *```[\s\S]*?^ *```/gm, '').replace(/`[^`\n]*`/g, '');

/** As GitHub makes them: "What is there?" → "what-is-there". */
const anchorsOf = (page: string): readonly string[] =>
  [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replace(/ /g, '-'),
  );

/** Written by `npm run simulate -- --mutants`. */
const MADE_BY_A_RUN = ['mutants.md'];

describe('a page of the documentation', () => {
  it.each(pages)('%s links only to what is there', (page) => {
    const links = [...withoutCode(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(
      ([, target = '']) => target,
    );
    const dead = links.filter((target) => {
      if (/^(https?|mailto):/.test(target) || MADE_BY_A_RUN.includes(target)) return false;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : relative(root, resolve(root, dirname(page), path));
      if (!existsSync(join(root, file))) return true;
      return (
        anchor !== undefined && !statSync(join(root, file)).isDirectory() && !anchorsOf(file).includes(anchor)
      );
    });
    expect(dead).toEqual([]);
  });

  it.each(pages)('%s shows configurations that are right', (page) => {
    for (const [, indent = '', block = ''] of textOf(page).matchAll(/^( *)```yaml\n([\s\S]*?)^ *```/gm)) {
      // A template of CloudFormation.
      if (/\bAWS::/.test(block)) continue;
      configuration(completed(block.replaceAll(new RegExp(`^${indent}`, 'gm'), '')));
    }
  });

  it.each(pages)('%s names only commands that there are', (page) => {
    const typed = [...textOf(page).matchAll(/(?:`| {4}|\$ )eipkeeper ((?:[a-z][a-z-]+ ?)+)/g)].map(
      ([, words = '']) => words.trim(),
    );
    const wrong = typed.filter((words) => !isCommand(words.split(' ')));
    expect(wrong).toEqual([]);
  });
});

/** A part of a configuration, with what it needs around it. */
function completed(block: string): string {
  const keys = [...block.matchAll(/^(\w+):/gm)].map(([, key = '']) => key);
  const sections = GOOD.split(/^(?=\w)/m).filter((section) => !keys.includes(section.split(':')[0] ?? ''));
  return sections.join('') + block;
}

const commands = buildProgram({ stdout: () => {}, stderr: () => {} } as unknown as CliIo, () => {});

function isCommand([verb, ...rest]: readonly string[]): boolean {
  const command = commands.commands.find((each: Command) => each.name() === verb);
  if (command === undefined) return false;
  return command.commands.length === 0 || command.commands.some((each) => each.name() === rest[0]);
}
