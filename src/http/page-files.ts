import { readFileSync } from 'node:fs';

/** Name and text of each file of the page, put in by the build; the sources read their folder. */
declare const EIPKEEPER_PAGE: Readonly<Record<PageFile, string>> | undefined;

const TYPES = {
  'index.html': 'text/html; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'draw.js': 'text/javascript; charset=utf-8',
  'groups.js': 'text/javascript; charset=utf-8',
  'nodes.js': 'text/javascript; charset=utf-8',
  'timeline.js': 'text/javascript; charset=utf-8',
  'words.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const;

export type PageFile = keyof typeof TYPES;
export const PAGE_FILES = Object.keys(TYPES) as readonly PageFile[];

/** The file that a path asks for, with its type; null: the page has none there. */
export function pageFile(path: string): { readonly type: string; readonly body: string } | null {
  const name = path === '/' ? 'index.html' : PAGE_FILES.find((file) => path === `/${file}`);
  return name === undefined ? null : { type: TYPES[name], body: textOf(name) };
}

const textOf = (name: PageFile): string =>
  typeof EIPKEEPER_PAGE === 'undefined'
    ? readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8')
    : EIPKEEPER_PAGE[name];
