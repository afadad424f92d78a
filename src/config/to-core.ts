import type { CoreConfig, NodeName } from '../core/types.ts';
import { type Configuration, groupResources } from './configuration.ts';

/** What the core needs to know; `self` is one of the configured nodes (`findOwnNode`). */
export function toCoreConfig({ file, timings }: Configuration, self: NodeName): CoreConfig {
  return {
    self,
    nodes: Object.keys(file.nodes),
    groups: Object.entries(file.groups).map(([name, group]) => {
      const groupTimings = timings.groups[name];
      if (groupTimings === undefined) throw new Error(`no timings were resolved for the group ${name}`);
      return {
        name,
        kind: group.kind,
        nodes: group.nodes,
        failback: group.failback,
        standbyServices: group.standbyServices,
        timings: groupTimings,
        restarts: groupResources(group).services.map(({ restart }) => restart),
      };
    }),
    keepaliveMs: timings.keepaliveMs,
    initdeadMs: timings.initdeadMs,
  };
}
