import { readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../test/support/netns/monotonic.ts';
import type { BenchPair, NodeName } from './bench-pair.ts';
import { datagramsSentIn } from './process-figures.ts';

const FIRST_HEARTBEAT_WITHIN_MS = 20_000;

/** From the start of the program to the first datagram that leaves it, in milliseconds; then it is killed. */
export async function measureStart(pair: BenchPair, node: NodeName): Promise<number> {
  const sentBefore = datagramsSentIn(await pair.cluster.node(node).run(['cat', '/proc/net/snmp']));
  const startMs = monotonicMs();
  const daemon = await pair.startDaemon(node);
  try {
    for (;;) {
      if (sentIn(daemon.pid) > sentBefore) return monotonicMs() - startMs;
      if (monotonicMs() - startMs > FIRST_HEARTBEAT_WITHIN_MS) {
        throw new Error(`${node} sent no heartbeat within ${FIRST_HEARTBEAT_WITHIN_MS} ms of its start`);
      }
      await sleep(2);
    }
  } finally {
    daemon.signal('SIGKILL');
    await daemon.exited;
  }
}

const OWN_NAMESPACE = readlinkSync('/proc/self/ns/net');

/** 0 while the process is not yet in the node's namespace. */
function sentIn(pid: number): number {
  if (readlinkSync(`/proc/${pid}/ns/net`) === OWN_NAMESPACE) return 0;
  return datagramsSentIn(readFileSync(`/proc/${pid}/net/snmp`, 'utf8'));
}
