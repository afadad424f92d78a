import type { ClusterNode } from '../../../support/netns/cluster.ts';
import type { NodeProcess } from '../../../support/netns/node-machine.ts';

const PROGRAM = new URL('block-event-loop-process.ts', import.meta.url).pathname;

/** Blocks the event loop of a daemon from within, with node's own debugger, and returns when it is free again. */
export async function blockEventLoop(node: ClusterNode, daemon: NodeProcess, blockMs: number): Promise<void> {
  daemon.signal('SIGUSR1');
  await node.run([process.execPath, PROGRAM, String(blockMs)], { timeoutMs: 60_000 });
}
