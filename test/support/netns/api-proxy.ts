import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiFault, createFaultDesk, faultAnswer } from './api-fault.ts';
import { readApiRequest } from './api-request.ts';
import { monotonicMs } from './monotonic.ts';
import { type SourceRequest, startSourceServer } from './source-server.ts';
import { type Answer, createUpstream } from './upstream.ts';

export interface ApiProxyOptions {
  /** LocalStack. */
  readonly upstream: string;
  readonly region: string;
  readonly socketPath: string;
  /** By the caller's address; others are 'operator'. */
  readonly nodeNames: ReadonlyMap<string, string>;
  /** Milliseconds before a call takes effect, by its name; `other` for the rest. */
  readonly delays: Readonly<Record<string, number>>;
  /** Told of each call how much longer it took than its delay. */
  readonly onLateness?: (call: ApiCall, lateMs: number) => void;
  /** Runs when a call may have moved an address, before it is answered: the moment EC2 would move it. */
  readonly onAddressChange: () => Promise<void>;
}

/** Each call as it came, in order. */
export interface ApiCall {
  readonly node: string;
  readonly call: string;
  readonly startMs: number;
  readonly body: string;
  /** The HTTP status that was answered; undefined while under way and when no answer was given. */
  status?: number;
  /** When it was answered; undefined as `status` is. */
  answeredMs?: number;
}

export interface ApiProxy {
  /** The same proxy for the test itself, on loopback. Faults and delays apply to it too, as node 'operator'. */
  readonly operatorEndpoint: string;
  readonly calls: readonly ApiCall[];
  /** Returns what heals this fault alone. */
  inject(fault: ApiFault): () => void;
  close(): Promise<void>;
}

/** The measurements in which EC2 is slow: 600 ms to move an address, 150 to describe, 100 for the rest. */
export const SLOW_EC2 = {
  AssociateAddress: 600,
  DisassociateAddress: 600,
  DescribeAddresses: 150,
  DescribeInstanceStatus: 150,
  DescribeInstances: 150,
  other: 100,
} as const;

export async function startApiProxy(options: ApiProxyOptions): Promise<ApiProxy> {
  const calls: ApiCall[] = [];
  const faults = createFaultDesk();
  const upstream = createUpstream({ ...options, endpoint: options.upstream });
  let closed = false;

  const handle = async ({ source, request: incoming, response }: SourceRequest) => {
    const node = options.nodeNames.get(source) ?? 'operator';
    const request = await readApiRequest(incoming);
    const call: ApiCall = { node, call: request.call, startMs: monotonicMs(), body: request.body.toString() };
    calls.push(call);
    const fault = faults.take(node, request.call);
    if (fault === 'hang') return;
    if (fault === 'reset') {
      incoming.socket.destroy();
      return;
    }
    const delayMs = options.delays[request.call] ?? options.delays.other ?? 0;
    await sleep(delayMs);
    if (closed) return;
    const answer =
      fault === 'unavailable' || fault === 'throttled' || fault === 'denied'
        ? faultAnswer(request.service, fault)
        : await upstream.perform(request);
    options.onLateness?.(call, monotonicMs() - call.startMs - delayMs);
    if (fault === 'withhold-answer') return;
    if (fault === 'lose-answer') {
      incoming.socket.destroy();
      return;
    }
    call.status = answer.status;
    call.answeredMs = monotonicMs();
    send(response, answer);
  };

  const server = await startSourceServer(options.socketPath, handle);
  const operator = createServer((request, response) => {
    handle({ source: 'operator', request, response }).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => operator.listen(0, '127.0.0.1', resolve));
  return {
    operatorEndpoint: `http://127.0.0.1:${(operator.address() as AddressInfo).port}`,
    calls,
    inject: faults.inject,
    close: async () => {
      closed = true;
      operator.close();
      operator.closeAllConnections();
      await server.close();
      await upstream.close();
    },
  };
}

function send(response: ServerResponse, answer: Answer): void {
  // The caller may have given up at its own deadline.
  if (response.destroyed) return;
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}
