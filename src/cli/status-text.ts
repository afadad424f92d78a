import { isAddress } from '../config/resources-schema.ts';
import {
  type GroupStatus,
  type NodeStatus,
  type ResourceStatus,
  recentRttMs,
  type StatusSnapshot,
} from '../control/status-snapshot.ts';
import { describeMs, describeSince } from './ages.ts';
import { printable } from './printable.ts';

/** The status as a page to read, in the shape of crm_mon. Ends with a newline. */
export function statusText(snapshot: StatusSnapshot): string {
  const sections = [
    summary(snapshot),
    nodeLists(snapshot.nodes),
    ...snapshot.groups.map((group) => groupSection(group, snapshot)),
    links(snapshot),
    registrations(snapshot),
    failedActions(snapshot),
  ];
  return printable(
    `${sections
      .filter((lines) => lines.length > 0)
      .map((lines) => lines.join('\n'))
      .join('\n\n')}\n`,
  );
}

function summary(snapshot: StatusSnapshot): readonly string[] {
  const { nodes, groups, witness, time } = snapshot;
  const since =
    witness.since === null ? '' : ` since ${describeSince(witness.since, time).replace(/ ago$/, '')}`;
  const why = witness.reason === '' ? '' : ` (${witness.reason})`;
  const words = { up: `up${since}`, down: `DOWN${since}${why}`, unknown: 'not asked yet' };
  return [
    `Cluster ${snapshot.cluster}, as ${snapshot.node} sees it (eipkeeper ${snapshot.daemonVersion}, ${time})`,
    `${count(nodes.length, 'node')}, ${count(groups.length, 'group')}; witness ${words[witness.state]}; ${lastChange(snapshot)}`,
  ];
}

function lastChange({ groups, time }: StatusSnapshot): string {
  const changes = groups.flatMap((group) =>
    group.lastChange === null ? [] : [{ group, ...group.lastChange }],
  );
  const newest = changes.sort((a, b) => b.at.localeCompare(a.at))[0];
  if (newest === undefined) return 'no change seen yet';
  const by = newest.by === '' ? '' : ` by ${newest.by}`;
  const took = newest.phases === null ? '' : `, took ${describeMs(newest.phases.totalMs)}`;
  // Why another came to lead, that node knows.
  const why = newest.reason === '' ? '' : ` (${newest.reason}${by}${took})`;
  return `last change ${describeSince(newest.at, time)}: ${newest.group.name} to ${newest.group.leader ?? 'nobody'}${why}`;
}

function nodeLists(nodes: readonly NodeStatus[]): readonly string[] {
  const lists = [
    ['Online', 'online'],
    ['Standby', 'standby'],
    ['Starting', 'starting'],
    ['Leaving', 'leaving'],
    ['OFFLINE', 'offline'],
  ] as const;
  return lists.flatMap(([title, state]) => {
    const names = nodes.filter((node) => node.state === state).map((node) => node.name);
    return names.length === 0 && state !== 'online'
      ? []
      : [`${title}: [ ${names.join(' ')}${names.length === 0 ? '' : ' '}]`];
  });
}

function groupSection(group: GroupStatus, { node }: StatusSnapshot): readonly string[] {
  const width = Math.max(...group.resources.map((resource) => resource.name.length), 0);
  const lines = [`Group ${group.name} (${group.kind}, term ${group.term}): ${leadership(group, node)}`];
  if (group.maintenance)
    lines.push(
      `  IN MAINTENANCE: it is watched, and nothing is started, stopped or moved (eipkeeper maintenance off ${group.name} ends it)`,
    );
  for (const resource of group.resources) {
    lines.push(
      `  ${resource.name.padEnd(width)}  (${resource.type}): ${resourceState(resource, group, node)}`,
    );
  }
  if (group.address.complaint !== '') lines.push(`  the address: ${group.address.complaint}`);
  if (group.request !== null) {
    const { kind, target, by } = group.request;
    const what = kind === 'force' ? 'forced failover' : 'switchover';
    lines.push(`  asked from afar by ${by}: ${what} to ${target}`);
  }
  if (group.takeovers.waitMs > 0) {
    const { lastHour, waitMs } = group.takeovers;
    lines.push(`  ALARM: ${lastHour} takeovers in an hour, the next waits ${waitMs / 1_000} s longer`);
  }
  if (group.handover !== null) {
    lines.push(`  moving to ${group.handover.target} (${group.handover.phase}): ${group.handover.why}`);
  }
  for (const { resource, count, until, reason } of group.failures) {
    const what = `${resource || 'its services'} failed ${times(count)} on ${node} (${reason})`;
    lines.push(`  ${what}${until === null ? '' : `; ${node} does not lead it until ${until}`}`);
  }
  for (const candidate of group.candidates) {
    // Said above, once for all of them.
    const isSaid = group.maintenance && candidate.reason.includes(`${group.name} is in maintenance`);
    if (!candidate.eligible && !isSaid) lines.push(`  ${candidate.node} could not lead: ${candidate.reason}`);
  }
  return lines;
}

function leadership({ role, leader, authority }: GroupStatus, node: string): string {
  const basis = authority.held
    ? `by ${authority.source === 'grants' ? 'the word of its peers' : 'its lease in the witness'}`
    : 'WITHOUT AUTHORITY, it only goes on with what it does';
  switch (role) {
    case 'leading':
      return `led by ${node} ${basis}`;
    case 'yielding':
      return `led by ${node}, which lets another take over`;
    case 'acting':
      return `${node} serves while the witness is out of reach`;
    case 'claiming':
      return `${node} is claiming it`;
    case 'starting':
    case 'restarting':
      return `${node} is starting and finding out who leads`;
    case 'standby':
      return leader === null ? 'nobody leads' : `led by ${leader}`;
  }
}

/** What is known of a resource: its own state where the asked node runs it, else where it should be. */
function resourceState(resource: ResourceStatus, group: GroupStatus, node: string): string {
  if (isAddress(resource)) {
    const { holder } = group.address;
    // Of several addresses one may be here while the group is still to be moved.
    if (resource.state === 'started') return `Started ${node}`;
    if (holder === null) return 'not looked up yet';
    if (holder === 'free') return 'Stopped (on no instance)';
    return group.candidates.some((candidate) => candidate.node === holder)
      ? `Started ${holder}`
      : `on ${holder}, which is none of the nodes`;
  }
  const here = {
    started: 'Started',
    starting: 'Starting',
    stopping: 'Stopping',
    stopped: 'Stopped',
    failed: 'FAILED',
    unknown: 'Unknown',
  }[resource.state];
  const reason = resource.reason === '' ? '' : `: ${resource.reason}`;
  return resource.state === 'stopped' ? `Stopped on ${node}` : `${here} ${node}${reason}`;
}

function links({ nodes, node }: StatusSnapshot): readonly string[] {
  const lines = nodes.flatMap((peer) =>
    peer.links.map((link) => {
      const rttMs = recentRttMs(link);
      const rtt = rttMs === null ? '' : `, ${describeMs(rttMs)} there and back`;
      const heard =
        link.lastHeardMsAgo === null ? 'never heard' : `heard ${describeMs(link.lastHeardMsAgo)} ago`;
      const problem = link.problem === '' ? '' : `; ${link.problem}`;
      return `  ${peer.name} ${link.address}: ${link.state === 'up' ? 'up' : 'dead'}, ${heard}${rtt}${problem}`;
    }),
  );
  return lines.length === 0 ? [] : [`Links of ${node}:`, ...lines];
}

function registrations({ registrations, time }: StatusSnapshot): readonly string[] {
  const lines = registrations.map(({ node, addresses, instanceId, since, problem }) => {
    const where = instanceId === null ? 'NOT REGISTERED' : `${addresses.join(', ')} on ${instanceId}`;
    const age = since === null || instanceId === null ? '' : `, written ${describeSince(since, time)}`;
    return `  ${node}: ${where}${age}${problem === '' ? '' : `; ${problem}`}`;
  });
  return lines.length === 0 ? [] : ['Registered in SSM:', ...lines];
}

function failedActions({ groups, time }: StatusSnapshot): readonly string[] {
  const lines = groups.flatMap((group) =>
    group.failedActions.map(
      ({ at, resource, action, reason }) =>
        `  ${group.name}: ${resource} ${action}, ${describeSince(at, time)}: ${reason}`,
    ),
  );
  return lines.length === 0 ? [] : ['Failed actions:', ...lines];
}

const times = (number: number): string => (number === 1 ? 'once' : `${number} times`);
const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
