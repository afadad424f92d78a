import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { GetParametersCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AwsClients } from '../../../src/cloud/aws-clients.ts';
import type { CallBounds } from '../../../src/cloud/bounded-call.ts';
import { type FakeService, makeCertificate, startFakeService, until } from './fake-service.ts';

const READ = { operation: 'SSM GetParameters', service: 'ssm', kind: 'read' } as const;
const WRITE = { operation: 'SSM PutParameter', service: 'ssm', kind: 'write' } as const;
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

let service: FakeService;
let clients: AwsClients;
const opened: AwsClients[] = [];
const counted: string[] = [];

function clientsOf(environment: Record<string, string>): AwsClients {
  const made = new AwsClients({
    region: 'eu-central-1',
    version: '1.2.3',
    environment,
    credentials: CREDENTIALS,
    onCall: (operation, result, tookMs) => void counted.push(`${operation} ${result} ${tookMs > 0}`),
  });
  opened.push(made);
  return made;
}

function bounds(deadlineMs = 5000, signal: AbortSignal = new AbortController().signal): CallBounds {
  return { deadlineMs, signal };
}

const read = (by: CallBounds, from = clients) =>
  from.call(READ, by, (options) => from.ssm.send(new GetParametersCommand({ Names: ['/a'] }), options));
const write = (by: CallBounds, from = clients) =>
  from.call(WRITE, by, (options) =>
    from.ssm.send(new PutParameterCommand({ Name: '/a', Value: 'b' }), options),
  );

beforeEach(async () => {
  service = await startFakeService();
  service.respond = (_, response) => response.end('{"Parameters":[{"Name":"/a","Value":"b"}]}');
  clients = clientsOf({ AWS_ENDPOINT_URL: service.endpoint });
});
afterEach(async () => {
  for (const made of opened.splice(0)) made.close();
  await service.close();
});

describe('a call', () => {
  it('brings back the answer of the service, under our own user agent', async () => {
    const outcome = await read(bounds());
    expect(outcome).toMatchObject({
      status: 'answered',
      answer: { Parameters: [{ Name: '/a', Value: 'b' }] },
    });
    expect(service.received[0]?.headers['user-agent']).toContain('eipkeeper/1.2.3');
  });

  it('is counted by what became of it, with the time that it took', async () => {
    counted.splice(0);
    await read(bounds());
    service.respond = (_, response) => response.writeHead(400).end('{"__type":"ThrottlingException"}');
    await write(bounds());
    expect(counted).toEqual(['SSM GetParameters ok true', 'SSM PutParameter throttled true']);
  });

  it('is tried once, however the service fails', async () => {
    service.respond = (_, response) => response.writeHead(503).end('{"__type":"ServiceUnavailable"}');
    const outcome = await write(bounds());
    expect(outcome).toMatchObject({ status: 'failed', result: { failure: 'unknown' } });
    expect(service.received).toHaveLength(1);
  });

  it('does not reject when the answer makes no sense', async () => {
    service.respond = (_, response) => response.end('<html>log in to the network first</html>');
    expect(await read(bounds())).toMatchObject({ status: 'failed', result: { failure: 'unknown' } });
  });

  it('does not reject when making it throws', async () => {
    const outcome = await clients.call(READ, bounds(), () => {
      throw new TypeError('wrong use');
    });
    expect(outcome).toMatchObject({ status: 'failed', result: { failure: 'not-sent' } });
  });

  it('prefers the endpoint of its own service', async () => {
    const other = clientsOf({
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_ENDPOINT_URL_SSM: service.endpoint,
    });
    expect(await read(bounds(), other)).toMatchObject({ status: 'answered' });
  });
});

describe('a call that is not answered', () => {
  it('is not-sent when nobody listens', async () => {
    const nobody = clientsOf({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
    expect(await write(bounds(), nobody)).toMatchObject({
      status: 'failed',
      result: { failure: 'not-sent' },
    });
  });

  it('is not-sent when its signal was given before', async () => {
    const outcome = await write(bounds(1000, AbortSignal.abort()));
    expect(outcome).toMatchObject({ status: 'failed', result: { failure: 'not-sent' } });
    expect(service.received).toHaveLength(0);
  });

  it('is unknown at its deadline, and its connection is reset', async () => {
    service.respond = () => undefined;
    const outcome = await write(bounds(50));
    expect(outcome).toMatchObject({ status: 'failed', result: { failure: 'unknown' } });
    await until(() => service.ends.length === 1);
    expect(service.ends).toEqual(['ECONNRESET']);
  });

  it('is unknown when its signal gives it up, and its connection is reset', async () => {
    const controller = new AbortController();
    service.respond = () => controller.abort();
    const outcome = await write(bounds(5000, controller.signal));
    expect(outcome).toMatchObject({ status: 'failed', result: { failure: 'unknown' } });
    await until(() => service.ends.length === 1);
    expect(service.ends).toEqual(['ECONNRESET']);
  });

  it('is unknown when the answer breaks off in the middle', async () => {
    service.respond = (_, response, socket) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"Para');
      setTimeout(() => socket.resetAndDestroy(), 20);
    };
    expect(await write(bounds())).toMatchObject({ status: 'failed', result: { failure: 'unknown' } });
  });

  it('is not-sent while credentials are missing, and is not sent when they come later', async () => {
    let give: (value: typeof CREDENTIALS) => void = () => undefined;
    clients.ssm.config.credentials = () => new Promise((resolve) => (give = resolve));
    const outcome = await write(bounds(30));
    expect(outcome).toMatchObject({ status: 'failed', result: { failure: 'not-sent' } });
    give(CREDENTIALS);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(service.received).toHaveLength(0);
  });
});

describe('an idle connection that the service has closed meanwhile', () => {
  const breakNext = async () => {
    await read(bounds());
    let broken = false;
    const answer = service.respond;
    service.respond = (received, response, socket) => {
      if (broken) {
        answer(received, response, socket);
        return;
      }
      broken = true;
      socket.resetAndDestroy();
    };
    service.received.length = 0;
  };

  it('costs a read nothing: it is sent again on a fresh one', async () => {
    await breakNext();
    expect(await read(bounds())).toMatchObject({ status: 'answered' });
    expect(service.received).toHaveLength(2);
  });

  it('leaves a write unknown: it is not sent twice', async () => {
    await breakNext();
    expect(await write(bounds())).toMatchObject({ status: 'failed', result: { failure: 'unknown' } });
    expect(service.received).toHaveLength(1);
  });
});

describe('connections', () => {
  it('are opened before they are needed', async () => {
    expect(await clients.warm()).toEqual({ ec2: '', ssm: '' });
    expect(service.sockets).toHaveLength(4);
    await Promise.all([read(bounds()), write(bounds())]);
    expect(service.sockets).toHaveLength(4);
    expect(service.received).toHaveLength(2);
  });

  it('are said to be missing when nobody listens', async () => {
    const nobody = clientsOf({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
    expect((await nobody.warm()).ec2).toContain('ECONNREFUSED');
  });

  it('are reset when dropped, and opened anew', async () => {
    await clients.warm();
    clients.dropConnections();
    await until(() => service.ends.length === 4 && service.sockets.length === 8);
    expect(service.ends).toEqual(Array(4).fill('ECONNRESET'));
    await until(() => clients.openConnections('ec2') === 2 && clients.openConnections('ssm') === 2);
  });

  it('in use when dropped finish their call and are not used again', async () => {
    const answer = service.respond;
    service.respond = (received, response, socket) => {
      clients.dropConnections();
      answer(received, response, socket);
    };
    expect(await read(bounds())).toMatchObject({ status: 'answered' });
    await until(() => service.sockets[0]?.destroyed === true);
  });
});

describe('over TLS', () => {
  const certificate = makeCertificate();
  const defaults = getCACertificates();
  let silent: Server | null = null;
  let secure: FakeService | null = null;
  afterEach(async () => {
    setDefaultCACertificates(defaults);
    silent?.close();
    await secure?.close();
    secure = null;
  });

  it('a call is not-sent when the handshake does not end', async () => {
    const accepted: Socket[] = [];
    silent = createServer((socket) => void accepted.push(socket));
    await new Promise<void>((resolve) => silent?.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const outcome = await write(bounds(100), clientsOf({ AWS_ENDPOINT_URL: `https://127.0.0.1:${port}` }));
    expect(outcome).toMatchObject({ status: 'failed', result: { failure: 'not-sent' } });
    for (const socket of accepted) socket.destroy();
  });

  it.skipIf(certificate === null)('a call is not-sent when the certificate is not trusted', async () => {
    secure = await startFakeService({ tls: certificate! });
    const outcome = await write(bounds(), clientsOf({ AWS_ENDPOINT_URL: secure.endpoint }));
    expect(outcome).toMatchObject({ status: 'failed', result: { failure: 'not-sent' } });
    expect(secure.received).toHaveLength(0);
  });

  it.skipIf(certificate === null)('an abandoned call resets the TCP connection beneath', async () => {
    setDefaultCACertificates([certificate!.cert]);
    secure = await startFakeService({ tls: certificate! });
    const over = clientsOf({ AWS_ENDPOINT_URL: secure.endpoint });
    expect(await over.warm()).toEqual({ ec2: '', ssm: '' });
    secure.respond = () => undefined;
    const outcome = await write(bounds(50), over);
    expect(outcome).toMatchObject({ status: 'failed', result: { failure: 'unknown' } });
    await until(() => secure?.ends.length === 1);
    expect(secure.ends).toEqual(['ECONNRESET']);
    expect(secure.received).toHaveLength(1);
  });
});
