import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';

export interface SourceRequest {
  /** The caller's address as the gateway saw it. */
  readonly source: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export interface SourceServer {
  close(): Promise<void>;
}

const LONGEST_SOURCE_LINE = 64;

/** An HTTP server on a Unix socket behind the gateway, which tells it in a first line who calls. */
export async function startSourceServer(
  socketPath: string,
  handle: (call: SourceRequest) => Promise<void>,
): Promise<SourceServer> {
  const sources = new Map<Socket, string>();
  const http = createHttpServer((request, response) => {
    const source = sources.get(request.socket) ?? '';
    handle({ source, request, response }).catch((error: unknown) => {
      console.error('test server failed', error);
      request.socket.destroy();
    });
  });
  http.keepAliveTimeout = 60_000;
  const server: Server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    readSourceLine(socket, (source) => {
      sources.set(socket, source);
      socket.once('close', () => sources.delete(socket));
      http.emit('connection', socket);
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve));
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sources.keys()) socket.destroy();
      }),
  };
}

function readSourceLine(socket: Socket, then: (source: string) => void): void {
  let read = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    read = Buffer.concat([read, chunk]);
    const end = read.indexOf('\n');
    if (end < 0) {
      if (read.length > LONGEST_SOURCE_LINE) socket.destroy();
      return;
    }
    socket.off('data', onData);
    socket.pause();
    const rest = read.subarray(end + 1);
    if (rest.length > 0) socket.unshift(rest);
    then(read.subarray(0, end).toString('latin1'));
    socket.resume();
  };
  socket.on('data', onData);
}
