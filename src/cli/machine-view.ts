import { readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import type { MachineView } from '../import/node-addresses.ts';

/** What this machine knows of itself and, by /etc/hosts, of the others. */
export async function viewMachine(): Promise<MachineView> {
  const addresses = Object.entries(networkInterfaces()).map(([name, list]) => [
    name,
    (list ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => address),
  ]);
  return { hostname: hostname(), addresses: Object.fromEntries(addresses), hosts: await readHosts() };
}

async function readHosts(): Promise<ReadonlyMap<string, readonly string[]>> {
  const text = await readFile('/etc/hosts', 'utf8').catch(() => '');
  const hosts = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address === undefined) continue;
    for (const name of names)
      hosts.set(name.toLowerCase(), [...(hosts.get(name.toLowerCase()) ?? []), address]);
  }
  return hosts;
}
