import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AwsClients } from '../../../src/cloud/aws-clients.ts';
import { readCallerIdentity } from '../../../src/cloud/caller-identity.ts';

const ARN = 'arn:aws:iam::123456789012:user/ann';
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';

describe('who the credentials belong to', () => {
  let server: Server;
  let clients: AwsClients;
  let environment: Record<string, string> = {};
  let seen: { headers: IncomingHttpHeaders; body: string; method: string; url: string } | null = null;
  let answer = { status: 200, text: `<Arn>${ARN}</Arn>` };

  beforeEach(async () => {
    answer = { status: 200, text: `<Arn>${ARN}</Arn>` };
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => {
        seen = { headers: request.headers, body, method: request.method ?? '', url: request.url ?? '' };
        response.writeHead(answer.status).end(answer.text);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    environment = { AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET };
    clients = new AwsClients({ region: 'eu-central-1', version: '0', environment, credentials });
  });
  afterEach(() => {
    clients.close();
    server.closeAllConnections();
    server.close();
  });

  it('is the ARN that STS says, asked with a signature as AWS computes it', async () => {
    expect(await readCallerIdentity(clients, environment)).toBe(ARN);
    const { headers, body, method, url } = seen!;
    expect(body).toBe('Action=GetCallerIdentity&Version=2011-06-15');
    const [, scope = '', signed = '', signature] =
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/(\S+), SignedHeaders=(\S+), Signature=(\w+)$/.exec(
        headers.authorization ?? '',
      ) ?? [];
    const [date = '', region = '', service = ''] = scope.split('/');
    expect([region, service]).toEqual(['eu-central-1', 'sts']);
    expect(signed.split(';')).toContain('host');
    const canonical = [
      method,
      url,
      '',
      ...signed.split(';').map((name) => `${name}:${headers[name]}`),
      '',
      signed,
      createHash('sha256').update(body).digest('hex'),
    ].join('\n');
    const text = [
      'AWS4-HMAC-SHA256',
      headers['x-amz-date'],
      scope,
      createHash('sha256').update(canonical).digest('hex'),
    ].join('\n');
    const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>(
      (secret, part) => createHmac('sha256', secret).update(part).digest(),
      `AWS4${SECRET}`,
    );
    expect(createHmac('sha256', key).update(text).digest('hex')).toBe(signature);
  });

  it('is not known when STS refuses, by the code of its answer', async () => {
    answer = { status: 403, text: '<Error><Code>InvalidClientTokenId</Code></Error>' };
    await expect(readCallerIdentity(clients, environment)).rejects.toThrow(
      'STS GetCallerIdentity failed: InvalidClientTokenId',
    );
  });
});
