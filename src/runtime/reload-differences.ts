import type { Configuration } from '../config/configuration.ts';
import type { ConfigurationFile } from '../config/schema.ts';
import type { NodeName } from '../core/types.ts';

/**
 * What differs between the configuration in use and the new one and cannot change while the daemon runs, by
 * the names in the file. Empty: all of it can. What can: keys, timings, profile, the log's level, the order of
 * preference, failback, standbyServices, notify, ping, http, instanceNotices, and where the heartbeats to other nodes go.
 */
export function reloadDifferences(
  used: Configuration,
  wanted: Configuration,
  self: NodeName,
): readonly string[] {
  const before = fixedSettings(used.file, self);
  const after = fixedSettings(wanted.file, self);
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

function fixedSettings(file: ConfigurationFile, self: NodeName): Record<string, unknown> {
  const settings: Record<string, unknown> = {
    cluster: file.cluster,
    port: file.port,
    nodes: Object.keys(file.nodes).sort(),
    [`nodes.${self}`]: file.nodes[self],
    'witness.ssm.prefix': file.witness.ssm.prefix,
    aws: file.aws,
    stateDirectory: file.stateDirectory,
    journal: file.journal,
    socket: file.socket,
    groups: Object.keys(file.groups).sort(),
  };
  for (const [name, group] of Object.entries(file.groups)) {
    settings[`groups.${name}.kind`] = group.kind;
    settings[`groups.${name}.resources`] = group.resources;
    // Another order is another preference; other members are another cluster.
    settings[`groups.${name}.nodes`] = [...group.nodes].sort();
  }
  // How many paths there are is how many sockets are open.
  for (const [name, node] of Object.entries(file.nodes))
    settings[`nodes.${name}.addresses`] = node.addresses.length;
  return settings;
}
