/** Asks the Elastic IP ten times a second, each time on a new connection, and says when the answer changes. */
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADDRESS_PORT, CLOUD } from './plan.ts';

const INTERVAL_MS = 100;
const TIMEOUT_MS = 1_000;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(0));
let last: string | null = null;
let lastGoodMs = performance.now();
for (;;) {
  const whom = await ask();
  const nowMs = performance.now();
  if (whom !== last && whom !== '') {
    const silence = last === '' ? `, after ${Math.round(nowMs - lastGoodMs)} ms without an answer` : '';
    console.log(`client: X-Whom: ${whom}${silence}`);
  }
  if (whom !== last && whom === '') console.log('client: no answer');
  if (whom !== '') lastGoodMs = nowMs;
  last = whom;
  await sleep(INTERVAL_MS);
}

/** Who answered; '' nobody. */
function ask(): Promise<string> {
  return new Promise((resolve) => {
    const options = { host: CLOUD, port: ADDRESS_PORT, agent: false, timeout: TIMEOUT_MS };
    const request = get(options, (response) => {
      response.resume();
      response.once('error', () => resolve(''));
      response.once('end', () => resolve(String(response.headers['x-whom'] ?? '')));
    });
    request.once('timeout', () => request.destroy(new Error('no answer in time')));
    request.once('error', () => resolve(''));
  });
}
