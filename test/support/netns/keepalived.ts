import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { missingPrograms } from '../describe-where.ts';
import { writeAddressScript } from './address-scripts.ts';
import type { Cluster, ClusterNode } from './cluster.ts';
import { waitFor } from './wait-for.ts';

const MASTER = 'Entering MASTER STATE';
const RELOADED = 'Reload complete';

export const missingKeepalived = (): string | null => missingPrograms({ keepalived: 'keepalived' });

/** A keepalived that runs on a node. */
export interface Keepalived {
  untilMaster(): Promise<void>;
  /** Until it goes by its configuration as it is now. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/** Unicast VRRP, with scripts that bring the address to the master, and take it off when keepalived ends. */
export async function configureKeepalived(cluster: Cluster): Promise<void> {
  for (const [index, node] of cluster.nodes.entries()) {
    const script = await writeAddressScript(cluster, node);
    const peers = cluster.nodes.filter((other) => other !== node).map(({ addresses }) => addresses[0]);
    await writeFile(
      configPath(node),
      `global_defs {
  script_user root
}
vrrp_instance web {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority ${150 - 50 * index}
  advert_int 1
  unicast_src_ip ${node.addresses[0]}
  unicast_peer {
    ${peers.join('\n    ')}
  }
  notify_master "${script} start"
  notify_stop "${script} stop"
}
`,
    );
  }
}

export async function editKeepalivedConfig(
  node: ClusterNode,
  change: (text: string) => string,
): Promise<void> {
  await writeFile(configPath(node), change(await readFile(configPath(node), 'utf8')));
}

/** Starts it as its unit file would. Its log is `node.log('keepalived')`. */
export async function startKeepalived(node: ClusterNode): Promise<Keepalived> {
  const path = (name: string) => join(node.directory, name);
  const timesLogged = async (what: string) => (await node.log('keepalived')).split(what).length - 1;
  const until = (what: string, before: number) => {
    const isLogged = async () => (await timesLogged(what)) > before;
    return waitFor(`${what} of keepalived on ${node.name}`, isLogged, { withinMs: 60_000, everyMs: 100 });
  };
  const wasMaster = await timesLogged(MASTER);
  const process = await node.start('keepalived', [
    ...['keepalived', '--dont-fork', '--log-console', '--log-detail', '--use-file', configPath(node)],
    ...['--pid', path('keepalived.pid'), '--vrrp_pid', path('keepalived-vrrp.pid')],
  ]);
  return {
    untilMaster: async () => {
      await until(MASTER, wasMaster);
    },
    reload: async () => {
      const before = await timesLogged(RELOADED);
      process.signal('SIGHUP');
      await until(RELOADED, before);
    },
    stop: async () => {
      process.signal('SIGTERM');
      await process.exited;
    },
  };
}

const configPath = ({ directory }: ClusterNode) => join(directory, 'keepalived.conf');
