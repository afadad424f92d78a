import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Respond = (received: Received, response: ServerResponse, socket: Socket) => void;

/** A service on loopback whose answers the test decides; pings are answered by itself. */
export interface FakeService {
  readonly endpoint: string;
  /** What was asked, pings aside. */
  readonly received: Received[];
  readonly sockets: Socket[];
  /** How each connection ended, in the order of the ends: '' orderly, else the error's code. */
  readonly ends: string[];
  respond: Respond;
  close(): Promise<void>;
}

export async function startFakeService(options: { readonly tls?: Certificate } = {}): Promise<FakeService> {
  const handler = (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      if (request.url === '/ping') {
        response.end('healthy');
        return;
      }
      const received: Received = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      service.received.push(received);
      service.respond(received, response, request.socket);
    });
  };
  const { tls } = options;
  const server = tls === undefined ? createHttpServer(handler) : createHttpsServer(tls, handler);
  // Over TLS the errors of a connection come out of the TLS socket.
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    service.sockets.push(socket);
    let code = '';
    socket.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code ?? 'unnamed';
    });
    socket.on('close', () => service.ends.push(code));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const service: FakeService = {
    endpoint: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    received: [],
    sockets: [],
    ends: [],
    respond: (_, response) => response.end('{}'),
    close: () => {
      for (const socket of service.sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return service;
}

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A certificate for localhost that lasts a day, or null where there is no openssl. */
export function makeCertificate(): Certificate | null {
  const folder = mkdtempSync(join(tmpdir(), 'eipkeeper-cert-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
    execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', cert, ...subject], {
      stdio: 'ignore',
    });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } catch {
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits until `condition` holds, looking every few milliseconds, and fails after two seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 2000;
  while (!condition()) {
    if (performance.now() > deadlineMs)
      throw new Error('what the test waits for did not happen in two seconds');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
