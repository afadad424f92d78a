import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

const SCHEMAS = /@aws-sdk[\\/].*[\\/]schemas[\\/]schemas_\d+\.js$/;

/**
 * Lets the bundler drop the shapes of calls that are never made. The AWS clients write their schemas with computed
 * keys (`{ [_xN]: _a }`), and a bundler must keep what has them: computing a key may have effects. These are strings
 * declared in the same file, so the strings can stand there themselves. Of client-ec2 22 KB are left, not 800.
 */
export const shakeableSchemas: Plugin = {
  name: 'shakeable-schemas',
  setup: ({ onLoad }) => {
    onLoad({ filter: SCHEMAS }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const declared = text.matchAll(/^const (_\w+) = ("[^"\\\n]*");$/gm);
      const strings = new Map([...declared].map(([, name, value]) => [name, value]));
      const contents = text.replace(/\[(_\w+)\]:/g, (whole, name: string) =>
        strings.has(name) ? `${strings.get(name)}:` : whole,
      );
      return { contents, loader: 'js' };
    });
  },
};
