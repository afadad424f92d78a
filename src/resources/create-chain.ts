import type { ServiceResource } from '../config/resources-schema.ts';
import type { GroupName } from '../core/types.ts';
import { ExecResource } from './exec.ts';
import { Nginx } from './nginx.ts';
import type { ResourceAdapter } from './resource-adapter.ts';
import { ResourceChain } from './resource-chain.ts';
import { SupervisedProgram } from './supervised-program.ts';

export interface ChainOptions {
  readonly group: GroupName;
  /** In the order of the file, the address left out. */
  readonly resources: readonly ServiceResource[];
  /** For pid files and the output of started services. */
  readonly runDir: string;
  readonly onUnhealthy: (reason: string) => void;
}

/** The adapters of one group, from its configuration. Does nothing to the machine. */
export function createChain(options: ChainOptions): ResourceChain {
  const used = new Set<string>();
  const adapters = options.resources.map((resource) => createAdapter(resource, options, used));
  return new ResourceChain(adapters, options.onUnhealthy);
}

function createAdapter(resource: ServiceResource, options: ChainOptions, used: Set<string>): ResourceAdapter {
  if (resource.type === 'nginx') return new Nginx(resource.parameters);
  const { name, cwd, ...parameters } = resource.parameters;
  // Two of one name in a group are told apart by their place, so that neither reads the other's pid file.
  let id = `${options.group}.${name}`;
  for (let place = 2; used.has(id); place += 1) id = `${options.group}.${name}.${place}`;
  used.add(id);
  const common = { id, cwd: cwd ?? '/', runDir: options.runDir };
  return parameters.kind === 'program'
    ? new SupervisedProgram({ ...parameters, ...common })
    : new ExecResource({ ...parameters, ...common });
}
