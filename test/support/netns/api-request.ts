import type { IncomingMessage } from 'node:http';

/** A call to AWS as it came over the wire. */
export interface ApiRequest {
  readonly service: 'ec2' | 'json';
  /** 'AssociateAddress', 'PutParameter', …; 'unknown' for what is neither EC2's query nor the JSON protocol. */
  readonly call: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Headers that belong to one connection, or that change with the body. */
const HOP_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'expect',
]);

export async function readApiRequest(request: IncomingMessage): Promise<ApiRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const headers = Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      value === undefined || HOP_HEADERS.has(name) ? [] : [[name, String(value)] as const],
    ),
  );
  const target = headers['x-amz-target'];
  const json = target !== undefined;
  const call = json
    ? target.slice(target.indexOf('.') + 1)
    : new URLSearchParams(body.toString()).get('Action');
  return {
    service: json ? 'json' : 'ec2',
    call: call ?? 'unknown',
    method: request.method ?? 'POST',
    path: request.url ?? '/',
    headers,
    body,
  };
}
