/**
 * The demo: an Elastic IP that outlives its machine, on loopback alone. See `npm run demo -- --help`.
 * Whatever ends it, nothing that it started is left.
 */
import process from 'node:process';
import { runDemo } from './run-demo.ts';

if (process.platform === 'linux') {
  process.exit(await runDemo(process));
} else {
  process.stderr.write(
    `the demo needs Linux, this is ${process.platform}: eipkeeper knows its processes by /proc. A container or a virtual machine will do.\n`,
  );
  process.exit(69);
}
