import { setTimeout as sleep } from 'node:timers/promises';

const DEPLOY_TIMEOUT_MS = 120_000;
const CALL_TIMEOUT_MS = 60_000;
const REGION = 'eu-central-1';

/** By its logical id. */
export interface DeployedResource {
  readonly type: string;
  readonly physicalId: string;
}

/** Calls of the query APIs of a LocalStack for which the project has no client. Answers are XML, as text. */
export class QueryApi {
  readonly #endpoint: string;
  readonly #service: 'cloudformation' | 'iam';
  readonly #version: string;

  constructor(endpoint: string, service: 'cloudformation' | 'iam') {
    this.#endpoint = endpoint;
    this.#service = service;
    this.#version = service === 'iam' ? '2010-05-08' : '2010-05-15';
  }

  async call(action: string, parameters: Readonly<Record<string, string>>): Promise<string> {
    const response = await fetch(this.#endpoint, {
      method: 'POST',
      headers: {
        // LocalStack reads Region and service here, and checks no signature.
        authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${REGION}/${this.#service}/aws4_request, SignedHeaders=host, Signature=0`,
      },
      body: new URLSearchParams({ Action: action, Version: this.#version, ...parameters }),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${action} answered ${response.status}: ${text}`);
    return text;
  }
}

/** Creates a stack and waits for it. Throws with the events of what failed. */
export async function deployStack(
  api: QueryApi,
  name: string,
  template: unknown,
): Promise<ReadonlyMap<string, DeployedResource>> {
  await api.call('CreateStack', {
    StackName: name,
    TemplateBody: JSON.stringify(template),
    'Capabilities.member.1': 'CAPABILITY_NAMED_IAM',
  });
  const status = await settled(api, name);
  if (status !== 'CREATE_COMPLETE') {
    throw new Error(`${status}: ${await api.call('DescribeStackEvents', { StackName: name })}`);
  }
  const xml = await api.call('DescribeStackResources', { StackName: name });
  const members = [...xml.matchAll(/<member>(.*?)<\/member>/gs)].map(([, member]) => member ?? '');
  return new Map(
    members.map((member) => [
      element(member, 'LogicalResourceId'),
      { type: element(member, 'ResourceType'), physicalId: element(member, 'PhysicalResourceId') },
    ]),
  );
}

export async function deleteStack(api: QueryApi, name: string): Promise<void> {
  await api.call('DeleteStack', { StackName: name });
  await settled(api, name).catch(() => 'gone');
}

async function settled(api: QueryApi, name: string): Promise<string> {
  const untilMs = performance.now() + DEPLOY_TIMEOUT_MS;
  for (;;) {
    const status = element(await api.call('DescribeStacks', { StackName: name }), 'StackStatus');
    if (!status.endsWith('_IN_PROGRESS')) return status;
    if (performance.now() > untilMs) throw new Error(`the stack ${name} still is ${status}`);
    await sleep(200);
  }
}

/** The text of the first element of that name, or ''. */
export function element(xml: string, name: string): string {
  const text = new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(xml)?.[1] ?? '';
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
