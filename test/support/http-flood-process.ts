/**
 * Many connections to one server, at the lowest priority: what it withstands is the question, not what the
 * machine does. Arguments: address, port, how many in all, how many at a time, what to send ("" for nothing).
 * Prints {"connected", "ended", "failed"} when all are over.
 */
import { connect } from 'node:net';
import { setPriority } from 'node:os';

const [address = '', port = '', total = '', atATime = '', text = ''] = process.argv.slice(2);
setPriority(19);
/** A connection whose last step the server's full queue swallowed looks open from here for ever. */
const PATIENCE_MS = 8_000;

const counts = { connected: 0, ended: 0, failed: 0 };
let begun = 0;
let open = 0;

function next(): void {
  if (begun === Number(total)) {
    if (open === 0) process.stdout.write(`${JSON.stringify(counts)}\n`);
    return;
  }
  begun += 1;
  open += 1;
  const socket = connect(Number(port), address);
  socket.once('connect', () => {
    counts.connected += 1;
    if (text !== '') socket.write(text);
  });
  socket.on('error', () => {
    counts.failed += 1;
  });
  socket.once('close', () => {
    counts.ended += 1;
    open -= 1;
    next();
  });
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  socket.resume();
}

for (let i = 0; i < Number(atATime); i++) next();
