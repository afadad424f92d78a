import { suggest } from '../config/suggestion.ts';
import { EXIT } from '../control/exit-codes.ts';
import type { GroupStatus, StatusSnapshot } from '../control/status-snapshot.ts';
import { CliError } from './cli-error.ts';

/** The group that was named, or the only one. */
export function chooseGroup({ groups, cluster }: StatusSnapshot, named: string | undefined): GroupStatus {
  const names = groups.map(({ name }) => name);
  if (named === undefined) {
    const [only, second] = groups;
    if (only !== undefined && second === undefined) return only;
    throw new CliError(`there are several groups: add --group ${names.join(' or --group ')}`, EXIT.usage);
  }
  const group = groups.find(({ name }) => name === named);
  if (group !== undefined) return group;
  throw new CliError(`the cluster ${cluster} has no group ${named}; ${hint(named, names)}`, EXIT.usage);
}

/** The node that was named; or, without a name, the only one besides the leader. */
export function chooseTarget(group: GroupStatus, named: string | undefined): string {
  const names = group.candidates.map(({ node }) => node);
  if (named !== undefined) {
    if (names.includes(named)) return named;
    throw new CliError(
      `${named} is not one of the nodes of the group ${group.name}; ${hint(named, names)}`,
      EXIT.usage,
    );
  }
  const others = names.filter((node) => node !== group.leader);
  const [only, second] = others;
  if (only !== undefined && second === undefined) return only;
  throw new CliError(`say where to: add --to ${others.join(' or --to ')}`, EXIT.usage);
}

/** What was probably meant, or what there is. */
export function hint(named: string, names: readonly string[]): string {
  const near = suggest(named, names);
  return near === null ? `there are ${names.join(', ')}` : `did you mean ${near}?`;
}
