import { FOREIGN, FREE } from '../address-model.ts';
import { isServed } from '../checkers/convergence.ts';
import type { World } from '../world.ts';
import { nodeIndex, type Setting } from './parse-scenario.ts';

/** The only group of a scenario. */
const GROUP = 0;

/**
 * `expect leader aux|none`, `address aux|free|foreign`, `served|unserved`, `services aux run|stopped`, `term 3`,
 * `moves 1`, `members main,aux`, `role aux acting`, `agreed`,
 * `maintenance aux on|off`, `daemon aux up|down`. Returns what is otherwise, or ''.
 */
export function expectation(world: World, setting: Setting, words: readonly string[], moves: number): string {
  const [what = '', first = '', second = ''] = words;
  const found = finding(world, setting, what, first, moves);
  const wanted = what === 'served' || what === 'unserved' || what === 'agreed' ? what : second || first;
  return found === wanted ? '' : `expected ${words.join(' ')}, found ${found}`;
}

function finding(world: World, setting: Setting, what: string, first: string, moves: number): string {
  switch (what) {
    case 'leader':
      return leaders(world).join(' ') || 'none';
    case 'address':
      return holder(world);
    case 'served':
    case 'unserved':
      return isServed(world, GROUP) ? 'served' : 'unserved';
    case 'services':
      return world.machines[nodeIndex(setting, first)]?.services[GROUP]?.running ? 'run' : 'stopped';
    case 'term':
      return String(world.desk.terms[GROUP]?.newestRecord?.term ?? 0);
    case 'moves':
      return String(moves);
    case 'members':
      return world.desk.terms[GROUP]?.newestRecord?.members.join(',') ?? 'none';
    case 'role':
      return role(world, nodeIndex(setting, first));
    case 'daemon':
      return world.machines[nodeIndex(setting, first)]?.daemon == null ? 'down' : 'up';
    case 'maintenance':
      return maintenance(world, nodeIndex(setting, first));
    case 'agreed':
      return beliefs(world);
    default:
      throw new Error(`nothing is known of "${what}"`);
  }
}

function leaders(world: World): string[] {
  return world.machines
    .filter(
      ({ daemon, clock }) =>
        daemon !== null && world.core.hasAuthority(daemon.state, groupName(world), clock.at(world.nowMs)),
    )
    .map(({ name }) => name);
}

function holder(world: World): string {
  const node = world.desk.addresses[GROUP]?.now.holder ?? FREE;
  if (node === FREE) return 'free';
  return node === FOREIGN ? 'foreign' : (world.terrain.names[node] as string);
}

function role(world: World, node: number): string {
  const daemon = world.machines[node]?.daemon;
  return daemon == null ? 'none' : world.core.view(daemon.state, groupName(world)).role;
}

function maintenance(world: World, node: number): string {
  const daemon = world.machines[node]?.daemon;
  if (daemon == null) return 'none';
  return world.core.view(daemon.state, groupName(world)).maintenance ? 'on' : 'off';
}

function beliefs(world: World): string {
  const all = new Set<string>();
  for (const { daemon } of world.machines) {
    if (daemon === null) continue;
    const { term, owner } = world.core.view(daemon.state, groupName(world));
    all.add(`${term} ${owner}`);
  }
  return all.size === 1 ? 'agreed' : [...all].join(' against ');
}

const groupName = (world: World): string => world.terrain.groups[GROUP]?.name ?? '';
