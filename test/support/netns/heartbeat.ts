import { existsSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAddressScript } from './address-scripts.ts';
import type { Cluster, ClusterNode } from './cluster.ts';
import { command } from './command.ts';
import { waitFor } from './wait-for.ts';

const PROGRAM = '/usr/libexec/heartbeat/heartbeat';

export const missingHeartbeat = (): string | null =>
  existsSync(PROGRAM) ? null : 'missing programs: apt-get install heartbeat';

/** A Heartbeat 3.0.6 that runs on a node. */
export interface Heartbeat {
  /** As its unit file stops it. It lets go of what is in haresources, and this returns when it has ended. */
  stop(): Promise<void>;
}

/** Of each node: ha.cf, authkeys, haresources, and the scripts updateEIP and nginx. */
export async function configureHeartbeat(
  cluster: Cluster,
  options: { readonly autoFailback: 'on' | 'off' },
): Promise<void> {
  for (const node of cluster.nodes) {
    const home = homeOf(node);
    const configuration = heartbeatFolder(node);
    await mkdir(join(home, 'run'), { recursive: true });
    // With owners and modes, which Heartbeat insists on.
    await command('cp', ['-a', '/etc/ha.d', configuration]);
    await command('cp', ['-a', '/var/lib/heartbeat', join(home, 'lib')]);
    await writeFile(join(configuration, 'ha.cf'), haCf(cluster, node, options.autoFailback));
    await writeFile(join(configuration, 'authkeys'), 'auth 1\n1 sha1 not-for-others\n', { mode: 0o600 });
    await writeFile(join(configuration, 'haresources'), `${cluster.nodes[0]!.name} updateEIP nginx\n`);
    await cp(await writeAddressScript(cluster, node), join(configuration, 'resource.d/updateEIP'));
    await writeFile(join(configuration, 'resource.d/nginx'), nginxScript(node), { mode: 0o755 });
    await writeFile(viewPath(node), viewScript(node), { mode: 0o755 });
  }
}

/** Starts it as its unit file would. Its log is `node.log('heartbeat')`. */
export async function startHeartbeat(node: ClusterNode): Promise<Heartbeat> {
  const process = await node.start('heartbeat-output', [viewPath(node), PROGRAM, '-f']);
  return {
    stop: async () => {
      await node.run([viewPath(node), PROGRAM, '-k'], { timeoutMs: 60_000 });
      await process.exited;
    },
  };
}

/** Until `cl_status rscstatus` says "all", "local", "foreign" or "none". */
export async function untilHeartbeatHolds(node: ClusterNode, share: string): Promise<void> {
  const holds = async () => (await withHeartbeatsFiles(node, 'cl_status rscstatus')).trim() === share;
  await waitFor(`${node.name} to hold its share: ${share}`, holds, { withinMs: 120_000, everyMs: 500 });
}

/** Runs an operator's command with the node's /etc/ha.d. */
export const withHeartbeatsFiles = (node: ClusterNode, line: string): Promise<string> =>
  node.run([viewPath(node), 'sh', '-ec', line]);

/** What /etc/ha.d is to a node's Heartbeat. */
export const heartbeatFolder = (node: ClusterNode): string => join(homeOf(node), 'ha.d');

const homeOf = ({ directory }: ClusterNode) => join(directory, 'heartbeat');
const viewPath = (node: ClusterNode) => join(homeOf(node), 'view');

/**
 * Runs a program with this node's folders in the place of the machine's, and under the node's name: Heartbeat can be
 * told neither. "ip netns exec" has made the mount namespace. A Heartbeat that cannot stop a resource kills by name
 * and reboots the machine: neither works from in here.
 */
const viewScript = (node: ClusterNode) => `#!/bin/sh -e
mount --bind ${homeOf(node)}/run /run
for folder in ccm crm dopd; do mkdir -p /run/heartbeat/$folder; done
chown -R hacluster:haclient /run/heartbeat
mount --bind ${heartbeatFolder(node)} /etc/ha.d
mount --bind ${homeOf(node)}/lib /var/lib/heartbeat
for program in pkill reboot init; do
  path=$(command -v $program) && mount --bind /bin/false "$(readlink -f "$path")" || true
done
exec unshare --uts --ipc sh -ec 'hostname ${node.name}; exec setpriv --bounding-set=-sys_boot -- "$@"' view "$@"
`;

const haCf = ({ nodes }: Cluster, { directory }: ClusterNode, autoFailback: string) => `\
logfile ${directory}/heartbeat.log
keepalive 500ms
warntime 3
deadtime 6
initdead 12
udpport 694
${nodes.map(({ addresses }) => `ucast eth0 ${addresses[0]}`).join('\n')}
auto_failback ${autoFailback}
${nodes.map(({ name }) => `node ${name}`).join('\n')}
realtime off
`;

const nginxScript = ({ directory, nginxConfigPath }: ClusterNode) => `#!/bin/sh
pid=${directory}/nginx.pid
running() { [ -s $pid ] && kill -0 "$(cat $pid)" 2> /dev/null; }
case $1 in
  start) running || nginx -c ${nginxConfigPath} ;;
  stop) running || exit 0; nginx -c ${nginxConfigPath} -s stop; while running; do sleep 0.1; done ;;
  status) running && echo "nginx is running" || { echo "nginx is stopped"; exit 3; } ;;
esac
`;
