import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HEARTBEAT_PORT } from '../../../support/netns/address-plan.ts';
import type { ClusterNode } from '../../../support/netns/cluster.ts';
import type { NodeProcess } from '../../../support/netns/node-machine.ts';

const PROGRAM = new URL('replay-process.ts', import.meta.url).pathname;

/**
 * Sends these datagrams to a node, one every `everyMs`, over and over until the process is ended. `from` is where
 * they come from: they are judged by their signatures, never by their address.
 */
export async function replay(
  datagrams: readonly Uint8Array[],
  options: { readonly from: ClusterNode; readonly to: ClusterNode; readonly everyMs: number },
): Promise<NodeProcess> {
  const path = join(options.from.directory, 'replay.json');
  await writeFile(path, JSON.stringify(datagrams.map((bytes) => Buffer.from(bytes).toString('hex'))));
  const target = [options.to.addresses[0]!, String(HEARTBEAT_PORT), String(options.everyMs)];
  return options.from.start('replay', [process.execPath, PROGRAM, path, ...target]);
}
