import process from 'node:process';

/** Imported before everything else: an older Node would fail in some module with a message about syntax. */
const LEAST_NODE = 24;

if (Number(process.versions.node.split('.')[0]) < LEAST_NODE) {
  process.stderr.write(
    `eipkeeper needs Node.js ${LEAST_NODE} or newer, but ${process.execPath} is ${process.versions.node}: install a newer one, or put it first in PATH.\n`,
  );
  process.exit(69);
}
