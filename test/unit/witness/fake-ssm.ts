import { AwsClients } from '../../../src/cloud/aws-clients.ts';
import { type FakeService, startFakeService } from '../cloud/fake-service.ts';

export interface SsmCall {
  readonly action: string;
  readonly input: { Name?: string; Names?: string[]; Value?: string; Overwrite?: boolean; Path?: string };
}

export interface FakeSsm {
  readonly clients: AwsClients;
  readonly service: FakeService;
  /** What is stored, by name. */
  readonly values: Map<string, string>;
  readonly calls: SsmCall[];
  /** Gives an error code to refuse a call with, or '' to let it through. */
  refuse: (call: SsmCall) => string;
  close(): Promise<void>;
}

/** Parameter Store in memory, speaking its protocol on loopback. */
export async function startFakeSsm(): Promise<FakeSsm> {
  const service = await startFakeService();
  const fake: FakeSsm = {
    clients: new AwsClients({
      region: 'eu-central-1',
      version: '0',
      environment: { AWS_ENDPOINT_URL: service.endpoint },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    }),
    service,
    values: new Map(),
    calls: [],
    refuse: () => '',
    async close() {
      fake.clients.close();
      await service.close();
    },
  };
  service.respond = ({ headers, body }, response) => {
    const action = String(headers['x-amz-target']).split('.')[1] ?? '';
    const call: SsmCall = { action, input: JSON.parse(body) };
    fake.calls.push(call);
    const code = fake.refuse(call) || refusalOf(call, fake.values);
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    if (code !== '') response.writeHead(400).end(JSON.stringify({ __type: code, message: 'refused' }));
    else response.end(JSON.stringify(perform(call, fake.values)));
  };
  return fake;
}

function refusalOf({ action, input }: SsmCall, values: Map<string, string>): string {
  if (action === 'PutParameter' && input.Overwrite !== true && values.has(input.Name ?? '')) {
    return 'ParameterAlreadyExists';
  }
  if (action === 'GetParameter' && !values.has(input.Name ?? '')) return 'ParameterNotFound';
  return (input.Names?.length ?? 0) > 10 ? 'ValidationException' : '';
}

function perform({ action, input }: SsmCall, values: Map<string, string>): unknown {
  const names = input.Names ?? [];
  const present = names.filter((name) => values.has(name));
  const absent = names.filter((name) => !values.has(name));
  switch (action) {
    case 'PutParameter':
      values.set(input.Name ?? '', input.Value ?? '');
      return { Version: 1 };
    case 'GetParameter':
      return { Parameter: { Name: input.Name, Value: values.get(input.Name ?? '') } };
    case 'GetParameters':
      return {
        Parameters: present.map((name) => ({ Name: name, Value: values.get(name) })),
        InvalidParameters: absent,
      };
    case 'DeleteParameter':
      values.delete(input.Name ?? '');
      return {};
    case 'DeleteParameters':
      for (const name of present) values.delete(name);
      return { DeletedParameters: present, InvalidParameters: absent };
    case 'GetParametersByPath': {
      const folder = `${input.Path}/`;
      const below = [...values].filter(([name]) => name.startsWith(folder));
      const start = Number((input as { NextToken?: string }).NextToken ?? 0);
      const more = below.length > start + 10 ? { NextToken: String(start + 10) } : {};
      return {
        Parameters: below.slice(start, start + 10).map(([Name, Value]) => ({ Name, Value })),
        ...more,
      };
    }
    default:
      return {};
  }
}
