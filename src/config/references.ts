import { addressProblems } from './address-problems.ts';
import type { PathProblem } from './config-error.ts';
import { addressesOf, asRecord, type Entries, entriesOf, stringsOf } from './raw-file.ts';
import { REGISTERED } from './registered.ts';
import { serviceProblems } from './service-problems.ts';
import { suggest } from './suggestion.ts';

/** Heartbeats carry a report for each group, and terms a lease for each node, in one small packet each. */
const MAX_NODES = 16;
const MAX_GROUPS = 30;
/** `<prefix>/request` is where operators' requests are written, `<prefix>/node` where nodes register. */
export const RESERVED_GROUP_NAMES: readonly string[] = ['request', 'node'];

/**
 * What one part of the file says of another. Reads the file as it was written, so that a typing error in one
 * place does not hide a wrong reference in another: everything is reported at once.
 */
export function referenceProblems(file: unknown): readonly PathProblem[] {
  const { nodes, groups } = asRecord(file);
  const nodeEntries = entriesOf(nodes);
  const groupEntries = entriesOf(groups);
  return [
    ...(nodes === undefined ? [] : nodeProblems(nodeEntries)),
    ...(groups === undefined ? [] : countProblems(groupEntries)),
    ...groupEntries.flatMap(([name, group]) => groupProblems(name, group, nodeEntries)),
    ...serviceProblems(groupEntries),
    ...addressProblems(groupEntries, nodeEntries),
  ];
}

function nodeProblems(nodes: Entries): readonly PathProblem[] {
  const problems: PathProblem[] = [];
  if (nodes.length < 2) {
    problems.push({ path: ['nodes'], message: `has ${nodes.length} node; a cluster has at least two` });
  }
  if (nodes.length > MAX_NODES) {
    problems.push({
      path: ['nodes'],
      message: `has ${nodes.length} nodes; a cluster has at most ${MAX_NODES}`,
    });
  }
  const [first] = nodes;
  const paths = first === undefined ? 0 : addressesOf(first[1]).length;
  for (const [name, node] of nodes) {
    const count = addressesOf(node).length;
    if (count > 0 && paths > 0 && count !== paths) {
      const message = `has ${count} addresses but ${first?.[0]} has ${paths}: every node needs one for each path, in the same order`;
      problems.push({ path: ['nodes', name], message });
    }
  }
  return [...problems, ...duplicates(nodes)];
}

/** Two nodes with one address would each take the other's heartbeats for its own. */
function duplicates(nodes: Entries): readonly PathProblem[] {
  const owners = new Map<string, string>();
  const problems: PathProblem[] = [];
  const claim = (key: string, name: string, path: readonly (string | number)[], shown: string): void => {
    const owner = owners.get(key);
    if (owner === undefined) owners.set(key, name);
    else {
      const message = owner === name ? `${shown} is written twice` : `${shown} already belongs to ${owner}`;
      problems.push({ path, message });
    }
  };
  for (const [name, node] of nodes) {
    for (const [index, address] of addressesOf(node).entries()) {
      if (address === REGISTERED) continue;
      const path =
        node.address === undefined ? ['nodes', name, 'addresses', index] : ['nodes', name, 'address'];
      claim(`${address} ${String(node.port ?? '')}`, name, path, address);
    }
    if (typeof node.instanceId === 'string') {
      claim(`instance ${node.instanceId}`, name, ['nodes', name, 'instanceId'], node.instanceId);
    }
    if (typeof node.hostname === 'string') {
      claim(`host ${node.hostname}`, name, ['nodes', name, 'hostname'], node.hostname);
    }
  }
  return problems;
}

function countProblems(groups: Entries): readonly PathProblem[] {
  if (groups.length === 0)
    return [{ path: ['groups'], message: 'has no group: there would be nothing to keep' }];
  if (groups.length <= MAX_GROUPS) return [];
  return [{ path: ['groups'], message: `has ${groups.length} groups; a cluster has at most ${MAX_GROUPS}` }];
}

function groupProblems(
  name: string,
  group: Readonly<Record<string, unknown>>,
  nodes: Entries,
): readonly PathProblem[] {
  const problems: PathProblem[] = [];
  if (RESERVED_GROUP_NAMES.includes(name)) {
    problems.push({ path: ['groups', name], atKey: true, message: 'this name is reserved: take another' });
  }
  const names = nodes.map(([node]) => node);
  const members = stringsOf(group.nodes);
  for (const [index, member] of members.entries()) {
    const path = ['groups', name, 'nodes', index];
    if (names.length > 0 && !names.includes(member)) {
      const near = suggest(member, names);
      const hint = near === null ? `there are ${names.join(', ')}` : `did you mean ${near}?`;
      problems.push({ path, message: `there is no node ${member}; ${hint}` });
    } else if (members.indexOf(member) < index) {
      problems.push({ path, message: `${member} is named twice` });
    }
  }
  return problems;
}
