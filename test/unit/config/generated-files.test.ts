import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CONFIGURATION_EXAMPLE } from '../../../scripts/configuration-example.ts';
import { generatedFiles } from '../../../scripts/generated-files.ts';
import { configuration } from './configuration-fixture.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const files = generatedFiles();

describe('what is made from the schemas', () => {
  it.each([...files])(
    '%s is current; else: node scripts/generate-schema.ts && biome check --write schema',
    (path, text) => {
      // The formatter may break the lines of JSON as it likes.
      const read = (content: string): unknown => (path.endsWith('.json') ? JSON.parse(content) : content);
      expect(read(readFileSync(`${root}${path}`, 'utf8'))).toEqual(read(text));
    },
  );

  it('describes every setting', () => {
    const undescribed = [
      ...(files.get('docs/configuration.md') ?? '').matchAll(
        /^\| `(\w+)` \|[^|]*\| (\*\*Required\.\*\*)? ?\|$/gm,
      ),
    ];
    expect(undescribed.map(([, name]) => name)).toEqual([]);
  });

  it('shows an example that is right', () => {
    expect(configuration(CONFIGURATION_EXAMPLE).file.cluster).toBe('web');
  });
});
