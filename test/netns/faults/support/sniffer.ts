import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterNode } from '../../../support/netns/cluster.ts';
import { waitFor } from '../../../support/netns/wait-for.ts';

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const ETHERNET_BYTES = 14;
const MORE_OR_OFFSET = 0x3fff;

export interface Capture {
  /** Ends the sniffer; the IP packets that it saw, in order. */
  stop(): Promise<Buffer[]>;
  /** The same as tcpdump wrote it, once stopped. */
  readonly path: string;
}

/** A real sniffer on the node's first interface. */
export async function sniff(node: ClusterNode, filter: string): Promise<Capture> {
  const path = join(node.directory, 'capture.pcap');
  await rm(path, { force: true });
  const line = ['tcpdump', '-i', 'eth0', '-n', '-U', '--immediate-mode', '-Z', 'root', '-w', path, filter];
  const tcpdump = await node.start('tcpdump', line);
  await waitFor('tcpdump to listen', async () => (await readFile(path)).length >= FILE_HEADER_BYTES, {
    withinMs: 10_000,
  });
  return {
    path,
    stop: async () => {
      tcpdump.signal('SIGINT');
      await tcpdump.exited;
      return packets(await readFile(path));
    },
  };
}

function packets(file: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = FILE_HEADER_BYTES; at + RECORD_HEADER_BYTES <= file.length; ) {
    const length = file.readUInt32LE(at + 8);
    at += RECORD_HEADER_BYTES;
    found.push(file.subarray(at + ETHERNET_BYTES, at + length));
    at += length;
  }
  return found;
}

/** How many of these IP packets are parts of a greater one. */
export const fragmentsOf = (ipPackets: readonly Buffer[]): number =>
  ipPackets.filter((packet) => (packet.readUInt16BE(6) & MORE_OR_OFFSET) !== 0).length;
