/**
 * The way into the demo, in plain JavaScript: a Node.js that is too old cannot even read main.ts, and would
 * say so with a stack instead of a sentence.
 */
import process from 'node:process';

const LEAST_NODE = 24;

if (Number(process.versions.node.split('.')[0]) < LEAST_NODE) {
  process.stderr.write(
    `the demo needs Node.js ${LEAST_NODE} or newer, but ${process.execPath} is ${process.versions.node}: run it with "npm run demo" after "npm ci", which brings its own.\n`,
  );
  process.exit(69);
}
await import('./main.ts');
