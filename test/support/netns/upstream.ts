import { EC2Client } from '@aws-sdk/client-ec2';
import { Agent, request as httpRequest } from 'undici';
import type { ApiRequest } from './api-request.ts';
import { correctAssociateAddress } from './ec2-corrections.ts';

const ADDRESS_CALLS = new Set([
  'AssociateAddress',
  'DisassociateAddress',
  'ReleaseAddress',
  'TerminateInstances',
]);
/** LocalStack's compare-and-set has no lock. Calls that change something go to it one at a time. */
const CHANGING_CALLS = new Set([...ADDRESS_CALLS, 'PutParameter', 'DeleteParameter', 'DeleteParameters']);

export interface UpstreamOptions {
  /** LocalStack's. */
  readonly endpoint: string;
  readonly region: string;
  /** Runs when a call may have moved an address, before it is answered. */
  readonly onAddressChange: () => Promise<void>;
}

export interface Upstream {
  perform(request: ApiRequest): Promise<Answer>;
  close(): Promise<void>;
}

/** LocalStack with its deviations from EC2 and SSM corrected. */
export function createUpstream(options: UpstreamOptions): Upstream {
  const agent = new Agent({ connections: 32 });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const ec2 = new EC2Client({ endpoint: options.endpoint, region: options.region, credentials });
  let lastChange: Promise<unknown> = Promise.resolve();

  const perform = async (request: ApiRequest): Promise<Answer> => {
    let corrected = request;
    if (request.call === 'AssociateAddress') {
      const correction = await correctAssociateAddress(ec2, request);
      if (correction.action === 'answer') return correction.answer;
      corrected = correction.request;
    }
    const answer = await forward(options.endpoint, corrected, agent);
    if (ADDRESS_CALLS.has(request.call) && answer.status === 200) await options.onAddressChange();
    return answer;
  };

  return {
    perform: (request) => {
      if (!CHANGING_CALLS.has(request.call)) return perform(request);
      const turn = lastChange.then(() => perform(request));
      lastChange = turn.catch(() => {});
      return turn;
    },
    close: async () => {
      // What is under way to LocalStack ends there: half a change would be met by the next test.
      await lastChange;
      ec2.destroy();
      await agent.close();
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

async function forward(upstream: string, request: ApiRequest, agent: Agent): Promise<Answer> {
  const answer = await httpRequest(`${upstream}${request.path}`, {
    method: request.method,
    headers: request.headers,
    body: request.body,
    dispatcher: agent,
  });
  const body = Buffer.from(await answer.body.arrayBuffer());
  const headers = Object.fromEntries(
    Object.entries(answer.headers).flatMap(([name, value]) =>
      value === undefined ||
      ['connection', 'content-length', 'transfer-encoding', 'keep-alive'].includes(name)
        ? []
        : [[name, String(value)] as const],
    ),
  );
  return { status: answer.statusCode, headers, body };
}
