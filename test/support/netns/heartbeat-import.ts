import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Cluster } from './cluster.ts';
import { program } from './daemon.ts';
import { heartbeatFolder } from './heartbeat.ts';

type Resource = Readonly<Record<string, unknown>>;

interface Draft {
  readonly nodes: Readonly<Record<string, object>>;
  readonly groups: Readonly<Record<string, { readonly resources: readonly Resource[] }>>;
}

/**
 * Gives every node what `eipkeeper import` makes of Heartbeat's files. Of that only what several nodes on one machine
 * cannot share is replaced: paths, the prefix in SSM, and nginx with its own configuration.
 */
export async function importHeartbeatsFiles(cluster: Cluster): Promise<void> {
  const { nodes, account, topology } = cluster;
  const output = join(topology.directory, 'imported.yaml');
  const key = join(topology.directory, 'imported.key');
  const eip = `updateEIP=${account.allocationId}`;
  const options = ['--eip', eip, '--keygen', key, '--output', output];
  await nodes[0]!.run([process.execPath, program, 'import', heartbeatFolder(nodes[0]!), ...options], {
    timeoutMs: 60_000,
  });
  const imported: Draft = parse(await readFile(output, 'utf8'));
  const identified = nodes.map(({ name, instanceId }) => [name, { ...imported.nodes[name], instanceId }]);
  for (const { configPath } of nodes) {
    const own = parse(await readFile(configPath, 'utf8'));
    const nginx: Resource = own.groups.web.resources.find((resource: Resource) => 'nginx' in resource);
    const groups = Object.entries(imported.groups).map(([name, group]) => [
      name,
      { ...group, resources: group.resources.map((resource) => ('nginx' in resource ? nginx : resource)) },
    ]);
    const { witness, stateDirectory, socket } = own;
    await writeFile(
      configPath,
      stringify({
        ...imported,
        key: { file: key },
        nodes: Object.fromEntries(identified),
        groups: Object.fromEntries(groups),
        ...{ witness, stateDirectory, socket },
      }),
    );
  }
}
