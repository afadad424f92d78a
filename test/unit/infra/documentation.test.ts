import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

interface Property {
  readonly name: string;
  readonly optional: boolean;
  readonly comment: string;
}

/** The properties of the interfaces in props.ts, with the comment before each. */
const PROPERTIES: readonly Property[] = [
  ...read('infra/src/props.ts').matchAll(/\/\*\*((?:(?!\*\/).)*)\*\/\n {2}readonly (\w+)(\??):/gs),
].map(([, comment, name, mark]) => ({ name: name!, optional: mark === '?', comment: comment! }));

describe('the properties of the construct', () => {
  it('are found', () => {
    expect(PROPERTIES.length).toBeGreaterThan(20);
  });

  it.each(PROPERTIES)('$name says its default, or that there is none', ({ optional, comment }) => {
    expect(comment.includes('@default')).toBe(optional);
  });

  it.each(PROPERTIES)('$name stands in docs/cdk.md', ({ name }) => {
    expect(read('docs/cdk.md')).toContain(`\`${name}\``);
  });
});
