import { connect } from 'node:net';
import type { PingNode } from '../config/ping-schema.ts';
import { httpGet } from '../resources/http-get.ts';
import { isOwnTrouble, wantsDescriptors } from '../resources/own-trouble.ts';
import { runProcess } from '../resources/process-runner.ts';

/** `unknown`: this machine could not ask (no such program, no descriptors, no ports): it says nothing of the network. */
export type PingAnswer = 'reached' | 'silent' | 'unknown';

export type PingProbe = (node: PingNode, timeoutMs: number, signal: AbortSignal) => Promise<PingAnswer>;

const KILL_GRACE_MS = 200;

/** Never rejects; answers soon after `timeoutMs`. */
export const ping: PingProbe = (node, timeoutMs, signal) => {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  switch (node.kind) {
    case 'icmp':
      return pingIcmp(node.address, timeoutMs, signal);
    case 'tcp':
      return pingTcp(node, limit);
    case 'http':
      return pingHttp(node.url, limit);
  }
};

/** Node has no ICMP sockets; the program has had the right to send echo requests for ever. */
async function pingIcmp(address: string, timeoutMs: number, signal: AbortSignal): Promise<PingAnswer> {
  const seconds = String(Math.max(1, Math.ceil(timeoutMs / 1000)));
  const command = ['ping', '-n', '-q', '-c', '1', '-W', seconds, address];
  const limits = { deadlineMs: timeoutMs, signal, killGraceMs: KILL_GRACE_MS };
  const outcome = await runProcess(command, { ...limits, env: { LC_ALL: 'C' } });
  if (outcome.kind === 'timed-out') return 'silent';
  if (outcome.kind !== 'exited') return 'unknown';
  // 1: no reply. 2 is also "network is unreachable", which is what this is about, but not a wrong option.
  if (outcome.code === 0) return 'reached';
  return outcome.code === 1 || /unreachable/i.test(outcome.output) ? 'silent' : 'unknown';
}

async function pingTcp(node: { host: string; port: number }, limit: AbortSignal): Promise<PingAnswer> {
  const socket = connect({ host: node.host, port: node.port });
  try {
    return await new Promise<PingAnswer>((resolve) => {
      socket.once('connect', () => resolve('reached'));
      socket.once('error', (error) => resolve(answerOf(error)));
      limit.addEventListener('abort', () => resolve('silent'), { once: true });
    });
  } finally {
    socket.on('error', () => {});
    socket.resetAndDestroy();
  }
}

async function pingHttp(url: string, limit: AbortSignal): Promise<PingAnswer> {
  try {
    await httpGet(url, limit);
    return 'reached';
  } catch (error) {
    return limit.aborted ? 'silent' : answerOf(error);
  }
}

async function answerOf(error: unknown): Promise<PingAnswer> {
  const { syscall } = error as NodeJS.ErrnoException;
  const isOwn = isOwnTrouble(error) || (syscall === 'getaddrinfo' && (await wantsDescriptors()));
  return isOwn ? 'unknown' : 'silent';
}
