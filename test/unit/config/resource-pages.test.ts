import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RESOURCE_TYPES } from '../../../src/config/resources-schema.ts';
import { configuration, GOOD } from './configuration-fixture.ts';

const pageOf = (type: string): URL => new URL(`../../../docs/resources/${type}.md`, import.meta.url);
const HEAD = GOOD.slice(0, GOOD.indexOf('groups:'));

describe('the page of a resource', () => {
  it.each(RESOURCE_TYPES)('docs/resources/%s.md shows examples that are right and use it', (type) => {
    const page = readFileSync(pageOf(type), 'utf8');
    const examples = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, example]) => example ?? '');
    expect(examples.join('')).toContain(`- ${type}:`);
    for (const example of examples) configuration(HEAD + example);
  });
});
