import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { BUNDLE_OPTIONS, root } from '../bundle.ts';

/** The licences of everything that the bundle has in it, and where Node's are: they have to come along. */
export async function thirdPartyLicences(): Promise<string> {
  const { metafile } = await build({
    ...BUNDLE_OPTIONS,
    format: 'esm',
    metafile: true,
    write: false,
    outdir: '.',
  });
  const folders = new Set(
    Object.keys(metafile.inputs)
      .map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0])
      .filter((folder) => folder !== undefined),
  );
  const namesByText = new Map<string, string[]>();
  for (const folder of [...folders].sort()) {
    const { name, text } = licenceOf(join(root, folder));
    namesByText.set(text, [...(namesByText.get(text) ?? []), name]);
  }
  const parts = [...namesByText].map(([text, names]) => `--- ${names.join(', ')}\n\n${text}\n`);
  return `eipkeeper contains these programs. The single executable contains Node.js ${process.versions.node} as well:
https://github.com/nodejs/node/blob/v${process.versions.node}/LICENSE

${parts.join('\n')}`;
}

function licenceOf(folder: string): { readonly name: string; readonly text: string } {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string;
  };
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? `${license}` : readFileSync(join(folder, file), 'utf8').trim();
  return { name: `${name} ${version}`, text };
}
