import type { MonitorSettings } from '../config/monitor-schema.ts';
import type { ExecParameters } from '../config/resources/exec.ts';
import type { ServiceResource } from '../config/resources-schema.ts';
import type { GroupKind, GroupName } from '../core/types.ts';
import { CheckedResource } from './checked-resource.ts';
import { createChecks } from './checks.ts';
import { ExecResource } from './exec.ts';
import { Haproxy } from './haproxy.ts';
import { LocalIp } from './local-ip.ts';
import { LsbScript } from './lsb.ts';
import { Nginx } from './nginx.ts';
import { OcfAgent } from './ocf.ts';
import type { ProcessEntry } from './process-table.ts';
import type { AtBoot, ResourceAdapter } from './resource-adapter.ts';
import { ResourceChain } from './resource-chain.ts';
import { SupervisedProgram } from './supervised-program.ts';
import { SystemdUnit } from './systemd.ts';

export interface ChainOptions {
  readonly group: GroupName;
  readonly kind: GroupKind;
  readonly standbyServices: 'stopped' | 'warm';
  /** In the order of the file, the address left out. */
  readonly resources: readonly ServiceResource[];
  /** For pid files and the output of started services. */
  readonly runDir: string;
  /** Of a group that a guard watches over: what may be started, and where. Left out: everything, anywhere. */
  readonly confinement?: Confinement | null;
  readonly onBlind: (resource: string, reason: string) => void;
  readonly onWarning: (warning: string) => void;
}

export interface Confinement {
  /** The control group into which everything is started; null: none could be made. */
  readonly cgroup: string | null;
  /** '' or why nothing may be started now. */
  readonly whyNotStart: () => string;
}

/** The adapters of one group, from its configuration. Does nothing to the machine. */
export function createChain(options: ChainOptions): ResourceChain {
  const used = new Set<string>();
  const adapters = options.resources.map((resource) =>
    withChecks(createAdapter(resource, options, used), resource.monitor),
  );
  return new ResourceChain(
    adapters,
    { ...options, whyNotStart: options.confinement?.whyNotStart ?? (() => '') },
    options.resources.map(({ monitor }) => monitor),
  );
}

function withChecks(adapter: ResourceAdapter, { checks, timeoutMs }: MonitorSettings): ResourceAdapter {
  let processes: readonly ProcessEntry[] = [];
  const wanted = createChecks(checks, (found) => {
    processes = found;
  });
  return wanted.length === 0 ? adapter : new CheckedResource(adapter, wanted, timeoutMs, () => processes);
}

function createAdapter(resource: ServiceResource, options: ChainOptions, used: Set<string>): ResourceAdapter {
  const cgroup = options.confinement?.cgroup ?? null;
  switch (resource.type) {
    case 'local-ip':
      return new LocalIp(resource.parameters);
    case 'nginx':
      return new Nginx({ ...resource.parameters, cgroup, atBoot: meaningOfBoot(options) });
    case 'haproxy':
      return new Haproxy({ ...resource.parameters, cgroup, atBoot: meaningOfBoot(options) });
    case 'systemd':
      return new SystemdUnit({ ...resource.parameters, atBoot: meaningOfBoot(options) });
    case 'lsb':
      return new LsbScript({
        ...resource.parameters,
        id: uniqueId(resource.parameters.name, options, used),
        atBoot: meaningOfBoot(options),
        runDir: options.runDir,
        cgroup,
      });
    case 'ocf':
      return new OcfAgent({
        ...resource.parameters,
        id: uniqueId(resource.parameters.name, options, used),
        runDir: options.runDir,
        cgroup,
      });
    case 'exec':
      return createExec(resource.parameters, options, used);
  }
}

function createExec(settings: ExecParameters, options: ChainOptions, used: Set<string>): ResourceAdapter {
  const { name, cwd, ...parameters } = settings;
  const cgroup = options.confinement?.cgroup ?? null;
  const common = { id: uniqueId(name, options, used), cwd: cwd ?? '/', runDir: options.runDir, cgroup };
  return parameters.kind === 'program'
    ? new SupervisedProgram({ ...parameters, ...common })
    : new ExecResource({ ...parameters, ...common });
}

/** Two of one name in a group are told apart by their place, so that neither reads the other's pid file. */
function uniqueId(name: string, { group }: ChainOptions, used: Set<string>): string {
  let id = `${group}.${name}`;
  for (let place = 2; used.has(id); place += 1) id = `${group}.${name}.${place}`;
  used.add(id);
  return id;
}

/** A unit that starts with its machine is what a warm standby wants, and a second copy of an exclusive one. */
function meaningOfBoot({ kind, standbyServices }: ChainOptions): AtBoot {
  if (kind === 'exclusive') return 'forbidden';
  return standbyServices === 'warm' ? 'welcome' : 'odd';
}
