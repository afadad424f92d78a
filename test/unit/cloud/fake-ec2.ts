import { AwsClients } from '../../../src/cloud/aws-clients.ts';
import type { CallBounds } from '../../../src/cloud/bounded-call.ts';
import { type FakeService, startFakeService } from './fake-service.ts';

/** A request of EC2's query protocol, its parameters by name. */
export type Query = URLSearchParams;

export interface FakeEc2 {
  readonly clients: AwsClients;
  readonly service: FakeService;
  /** The requests of one action, in order. */
  calls(action: string): Query[];
  /** Answers a request with a status and the inside of an XML document. */
  answer: (query: Query) => { readonly status?: number; readonly xml: string } | null;
  close(): Promise<void>;
}

export async function startFakeEc2(): Promise<FakeEc2> {
  const service = await startFakeService();
  const queries: Query[] = [];
  const fake: FakeEc2 = {
    clients: new AwsClients({
      region: 'eu-central-1',
      version: '0',
      environment: { AWS_ENDPOINT_URL: service.endpoint },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    }),
    service,
    calls: (action) => queries.filter((query) => query.get('Action') === action),
    answer: () => ({ status: 500, xml: '' }),
    async close() {
      fake.clients.close();
      await service.close();
    },
  };
  service.respond = ({ body }, response) => {
    const query = new URLSearchParams(body);
    queries.push(query);
    const answer = fake.answer(query);
    // null: no answer at all.
    if (answer === null) return;
    response.writeHead(answer.status ?? 200, { 'content-type': 'text/xml' });
    response.end(`<?xml version="1.0"?>${answer.xml}`);
  };
  return fake;
}

/** All values of a list parameter: AllocationId.1, AllocationId.2, … */
export function listOf(query: Query, name: string): string[] {
  return [...query].filter(([key]) => key.startsWith(`${name}.`)).map(([, value]) => value);
}

export function errorXml(code: string): { status: number; xml: string } {
  const error = `<Error><Code>${code}</Code><Message>as the service says</Message></Error>`;
  return { status: 400, xml: `<Response><Errors>${error}</Errors><RequestID>r</RequestID></Response>` };
}

export function bounds(deadlineMs = 5000, signal: AbortSignal = new AbortController().signal): CallBounds {
  return { deadlineMs, signal };
}
