import type { Configuration } from '../config/configuration.ts';
import type { ConfigurationFile } from '../config/schema.ts';
import type { CoreSnapshot } from '../core/snapshot.ts';
import type { NodeName } from '../core/types.ts';

/**
 * What differs between the configuration in use and the new one and cannot change while the daemon runs, by
 * the names in the file. Empty: all of it can. What can: keys, timings, profile, the log's level, the order of
 * preference, failback, standbyServices, notify, ping, http, instanceNotices, other nodes that come and go, and where
 * the heartbeats to them go.
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
    // How many paths it has is how many sockets are open, and the same on all nodes.
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
    // Whether this node has a place for the group's addresses is found out at the start.
    settings[`groups.${name}.nodes.${self}`] = group.nodes.includes(self);
  }
  return settings;
}

/** Why the new configuration may not leave out a node yet; '' when it may. Only the newest term lets go of one (rule 19). */
export function whyNotLeftOut(wanted: Configuration, core: CoreSnapshot): string {
  const listed = Object.keys(wanted.file.nodes);
  for (const { name, role, owner, members } of core.groups) {
    const leads = role === 'leading' || role === 'yielding';
    const missing = members.find((node) => !listed.includes(node) && (leads || node === owner));
    if (missing === undefined) continue;
    return missing === owner
      ? `${missing} leads ${name} and is not in it: move the group first`
      : `${missing} counts in ${name} and is not in it: stop eipkeeper there, type "eipkeeper forget ${missing}", and reload again`;
  }
  return '';
}
