import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/control/exit-codes.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const runbook = readFileSync(join(root, 'docs/runbook.md'), 'utf8');
const named = new Set([...runbook.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code));
const missing = (codes: readonly string[]) => codes.filter((code) => !named.has(code));

/** A union of texts, as a type or as the type of a field: the codes of an error. */
const UNION =
  /(?:type \w*(?:Code|Failure|Fault|Drop|DropReason) =|readonly code:)((?:\s*(?:\/\*\*[\s\S]*?\*\/|\|?\s*'[^']+'|\| \w+))+);/g;
const withoutDemo = (name: string) => name.endsWith('.ts') && !/^(demo|simulation)\//.test(name);

const codes = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter(withoutDemo)
  .flatMap((name) => [...readFileSync(join(root, 'src', name), 'utf8').matchAll(UNION)])
  .flatMap(([, union = '']) => [...union.replace(/\/\*\*[\s\S]*?\*\//g, '').matchAll(/'([^']+)'/g)])
  .map(([, code = '']) => code);

const notes = [...readFileSync(join(root, 'src/core/notes.ts'), 'utf8').matchAll(/type: '([a-z-]+)'/g)].map(
  ([, type = '']) => type,
);

describe('docs/runbook.md', () => {
  it('has every exit code', () => {
    expect(missing(Object.values(EXIT).map(String))).toEqual([]);
  });

  it('has every code of an error in the source', () => {
    expect(codes).toEqual(
      expect.arrayContaining([
        'CONFIG_DENIED',
        'SOCKET_FAILED',
        'throttled',
        'name-taken',
        'not-ours',
        'token-refused',
        'unsafe',
      ]),
    );
    expect(missing(codes)).toEqual([]);
  });

  it('has every event of the core', () => {
    expect(notes.length).toBeGreaterThan(25);
    expect(missing(notes)).toEqual([]);
  });
});
