import { program } from '../../../support/netns/daemon.ts';

/**
 * The daemon's main file for fault 8: the daemon as it is, in a process whose event loop SIGUSR2 blocks. Not by node's
 * debugger: opening that stood still for a second on a machine that had to read it from its disk first.
 */
const BLOCK_MS = 600;

process.on('SIGUSR2', () => {
  const end = performance.now() + BLOCK_MS;
  while (performance.now() < end);
  process.stderr.write(`the event loop was blocked for ${BLOCK_MS} ms\n`);
});

await import(program);
