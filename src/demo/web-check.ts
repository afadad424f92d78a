/**
 * The `monitor` of the demo's web service, with Node alone (no curl needed):
 *
 *     node src/demo/web-check.ts http://127.0.0.11:8080/health
 *
 * Exits with 0 when the service is well, 1 when it answers otherwise or not within 2 s, 7 when nothing
 * listens there (OCF's "not running").
 */
import { get } from 'node:http';

const TIMEOUT_MS = 2_000;

function check(url: string): void {
  process.exitCode = 1;
  const request = get(url, { agent: false, timeout: TIMEOUT_MS }, (response) => {
    process.exitCode = response.statusCode === 200 ? 0 : 1;
    if (process.exitCode === 1) process.stdout.write(`${url} answered ${response.statusCode}\n`);
    response.resume();
  });
  request.on('timeout', () => request.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
  request.on('error', (error: NodeJS.ErrnoException) => {
    process.exitCode = error.code === 'ECONNREFUSED' ? 7 : 1;
    process.stdout.write(`${url}: ${error.message}\n`);
  });
}

const [url] = process.argv.slice(2);
if (url === undefined) {
  process.stderr.write('usage: web-check.ts URL\n');
  process.exitCode = 64;
} else {
  check(url);
}
