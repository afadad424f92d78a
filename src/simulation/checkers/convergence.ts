import type { World } from '../world.ts';

/**
 * L3: exactly one leader, the address on it, its services up, and every node of the same mind. Returns what is
 * missing, or '' when all is well.
 */
export function whatIsNotWell(world: World): string {
  for (const [index, group] of world.terrain.groups.entries()) {
    const leaders: number[] = [];
    const beliefs = new Set<string>();
    for (const machine of world.machines) {
      if (machine.daemon === null) return `${machine.name} has no daemon`;
      const { state } = machine.daemon;
      if (world.core.hasAuthority(state, group.name, machine.clock.at(world.nowMs)))
        leaders.push(machine.index);
      const { term, owner, maintenance } = world.core.view(state, group.name);
      if (maintenance) return `${machine.name} believes that ${group.name} is in maintenance`;
      beliefs.add(`${term} ${owner}`);
    }
    const out = world.terrain.names.filter(
      (name) => !world.desk.terms[index]?.newestRecord?.members.includes(name),
    );
    if (out.length > 0) return `${out.join(' and ')} is not among the nodes of ${group.name}`;
    if (leaders.length !== 1) return `${leaders.length} nodes have authority over ${group.name}`;
    if (beliefs.size !== 1) return `beliefs about ${group.name} differ: ${[...beliefs].join(', ')}`;
    const leader = leaders[0] as number;
    const holder = world.desk.addresses[index]?.now.holder;
    const name = world.terrain.names[leader];
    if (holder !== leader) return `${name} leads ${group.name} and the address is on ${holder}`;
    if (world.machines[leader]?.services[index]?.running !== true) {
      return `${name} leads ${group.name} and its services do not run`;
    }
  }
  return '';
}

/** The share of groups whose address is on a machine that serves. */
export function isServed(world: World, group: number): boolean {
  const holder = world.desk.addresses[group]?.now.holder ?? -1;
  const machine = world.machines[holder];
  return machine?.powered === true && !machine.standing && machine.services[group]?.running === true;
}
