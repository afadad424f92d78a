/**
 * The service that the demo keeps available: a small HTTP server, run as a program of its own and started
 * and stopped by the daemon's ordinary resources.
 *
 *     node src/demo/web-service.ts --listen 127.0.0.11:8080 --name main [--sick-file PATH]
 *
 * Every answer names the node in the header X-Whom. `GET /health` is 200, or 503 while the sick file exists,
 * so that a sickness outlives a restart of the service as a broken disk would. `GET /slow?ms=N` answers after
 * N milliseconds (at most 30,000), to show what becomes of a request in flight. Everything else answers at once.
 * On SIGTERM it takes no new requests, finishes those it has (for at most 10 s), and exits with 0.
 */
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';

const DRAIN_MS = 10_000;
const SLOW_MS_MAX = 30_000;

interface Settings {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  /** '' when there is none. */
  readonly sickFile: string;
}

function readSettings(): Settings | null {
  const { values } = parseArgs({
    options: { listen: { type: 'string' }, name: { type: 'string' }, 'sick-file': { type: 'string' } },
  });
  const [, host, port] = /^(.+):(\d+)$/.exec(values.listen ?? '') ?? [];
  if (host === undefined || values.name === undefined) return null;
  return { host, port: Number(port), name: values.name, sickFile: values['sick-file'] ?? '' };
}

function answer(
  settings: Settings,
  request: IncomingMessage,
  response: ServerResponse,
  isStopping: () => boolean,
): void {
  const url = new URL(request.url ?? '/', 'http://service');
  const isSick = url.pathname === '/health' && settings.sickFile !== '' && existsSync(settings.sickFile);
  const delayMs =
    url.pathname === '/slow' ? Math.min(Number(url.searchParams.get('ms')) || 0, SLOW_MS_MAX) : 0;
  const send = (): void => {
    response.writeHead(isSick ? 503 : 200, {
      'content-type': 'text/plain',
      'x-whom': settings.name,
      // A kept connection would keep the program from exiting, and its client from finding the new node.
      ...(isStopping() && { connection: 'close' }),
    });
    response.end(isSick ? 'sick\n' : `${settings.name}\n`);
  };
  if (delayMs === 0) send();
  else setTimeout(send, delayMs);
}

function serve(settings: Settings): void {
  let stopping = false;
  const server = createServer((request, response) => answer(settings, request, response, () => stopping));
  server.on('error', (error) => {
    process.stderr.write(
      `web-service ${settings.name}: cannot listen on ${settings.host}:${settings.port}: ${error.message}; it exits. Is another one still running there?\n`,
    );
    process.exitCode = 1;
  });
  server.listen(settings.port, settings.host, () => {
    process.stdout.write(`web-service ${settings.name}: listening on ${settings.host}:${settings.port}\n`);
  });
  process.once('SIGTERM', () => {
    stopping = true;
    server.close();
    setTimeout(() => server.closeAllConnections(), DRAIN_MS).unref();
  });
}

const settings = readSettings();
if (settings === null) {
  process.stderr.write('usage: web-service.ts --listen ADDRESS:PORT --name NAME [--sick-file PATH]\n');
  process.exitCode = 64;
} else {
  serve(settings);
}
