import type { PathProblem } from './config-error.ts';
import { asRecord, type Entries, stringsOf } from './raw-file.ts';
import { RESOURCE_TYPES, type ResourceType } from './resources-schema.ts';

interface Service {
  readonly group: string;
  readonly index: number;
  /** Whether it is the same on the whole machine, or only named within its group. */
  readonly ofMachine: boolean;
  readonly id: string;
}

/** One service written twice: in a group it would be started twice, in two they would stop it for each other. */
export function serviceProblems(groups: Entries): readonly PathProblem[] {
  const services = groups.flatMap(([name, group]) => servicesOf(name, group));
  const settings = new Map(groups);
  return services.flatMap((service, place) => {
    const path = ['groups', service.group, 'resources', service.index];
    const twins = services.slice(0, place).filter(({ id }) => id === service.id);
    const here = twins.find(({ group }) => group === service.group);
    if (here !== undefined) {
      const hint = service.ofMachine ? '' : ': give each its own name';
      return [{ path, message: `is the same service as resources[${here.index}]${hint}` }];
    }
    const own = settings.get(service.group) ?? {};
    const other = twins.find(({ group }) => service.ofMachine && mayStop(own, settings.get(group) ?? {}));
    if (other === undefined) return [];
    const message = `is a service of the group ${other.group} too, and each would stop it under the address of the other: write standbyServices: warm in both`;
    return [{ path, message }];
  });
}

type Group = Readonly<Record<string, unknown>>;

/** Two groups that meet on a node, one of which stops its services where it does not lead. */
function mayStop(a: Group, b: Group): boolean {
  const meet = stringsOf(a.nodes).some((node) => stringsOf(b.nodes).includes(node));
  return meet && !(a.standbyServices === 'warm' && b.standbyServices === 'warm');
}

function servicesOf(group: string, { resources }: Group): readonly Service[] {
  if (!Array.isArray(resources)) return [];
  return resources.flatMap((resource, index) => {
    const written = asRecord(resource);
    const type = RESOURCE_TYPES.find((candidate) => candidate in written);
    if (type === undefined || ADDRESSES.includes(type)) return [];
    const ofMachine = OF_MACHINE[type] !== undefined;
    return [{ group, index, ofMachine, id: identityOf(type, asRecord(written[type])) }];
  });
}

/** These are looked at by `addressProblems`. */
const ADDRESSES: readonly ResourceType[] = ['elastic-ip', 'private-ip', 'local-ip'];

/** The setting, and its default, by which a service of this machine is known; others have a name in their group. */
const OF_MACHINE: Partial<Record<ResourceType, readonly [setting: string, otherwise: string]>> = {
  nginx: ['config', '/etc/nginx/nginx.conf'],
  haproxy: ['config', '/etc/haproxy/haproxy.cfg'],
  systemd: ['unit', ''],
  lsb: ['script', ''],
};

function identityOf(type: ResourceType, parameters: Readonly<Record<string, unknown>>): string {
  const [setting, otherwise] = OF_MACHINE[type] ?? ['', ''];
  if (setting !== '') {
    const value = String(parameters[setting] ?? otherwise);
    return `${type} ${value.replace(/\.service$/, '').replace(/^\/etc\/init\.d\//, '')}`;
  }
  const named =
    parameters.name ?? parameters.agent ?? stringsOf(parameters.run)[0] ?? stringsOf(parameters.start)[0];
  return `${type} ${String(named ?? '').replace(/^.*[/:]/, '')}`;
}
