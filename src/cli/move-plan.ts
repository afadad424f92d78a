import { isAddress } from '../config/resources-schema.ts';
import { EXIT } from '../control/exit-codes.ts';
import type { GroupStatus, StatusSnapshot } from '../control/status-snapshot.ts';

export interface MovePlan {
  /** What would be done, in its order. */
  readonly steps: readonly string[];
  /** Why it would be refused, or would not succeed; none: nothing is known to be in the way. */
  readonly obstacles: readonly string[];
  /** What the command would end with. */
  readonly exitCode: number;
}

interface Move {
  readonly group: GroupStatus;
  readonly target: string;
  readonly kind: 'switchover' | 'force';
}

/**
 * What a move would do, by the status of one node. Nothing is asked of anybody: the node that carries it out looks
 * again, and its word counts.
 */
export function movePlan(snapshot: StatusSnapshot, move: Move): MovePlan {
  const { group, target } = move;
  if (group.leader === target && group.handover === null) {
    return { steps: [`nothing: ${target} leads ${group.name} already`], obstacles: [], exitCode: EXIT.ok };
  }
  const found = obstacles(snapshot, move);
  return {
    steps: move.kind === 'force' ? forceSteps(move) : switchoverSteps(move),
    obstacles: found.map(({ text }) => text),
    exitCode: found[0]?.exitCode ?? EXIT.ok,
  };
}

function switchoverSteps({ group, target }: Move): readonly string[] {
  const { leader, kind, address } = group;
  const from = leader ?? 'the leader';
  const services = servicesOf(group);
  const before =
    kind === 'exclusive' ? [`${from} stops ${services}, and keeps its authority until then`] : [];
  return [
    `${from} asks ${target} to get ready: ${kind === 'exclusive' ? 'to check' : 'to start and check'} ${services}`,
    ...before,
    `${from} sends no more changes to EC2 and yields to ${target}`,
    `${target} creates term ${group.term + 1} in the witness, in its own name`,
    `${target} moves ${address.publicIp ?? 'the address'} to itself${kind === 'exclusive' ? `, after it started ${services}` : ''}`,
    `${from} keeps ${services} until the address is seen elsewhere for 10 s${kind === 'exclusive' ? ' (stopped already)' : ''}`,
    `if any of it fails, ${from} goes on leading`,
  ];
}

function forceSteps({ group, target }: Move): readonly string[] {
  const { kind, address } = group;
  return [
    `${target} reads the newest term from the witness`,
    ...(kind === 'exclusive'
      ? [`${target} waits until every promise and lease is over, or the leader says that it stopped`]
      : []),
    `${target} creates term ${group.term + 1} in the witness, in its own name, whatever ${group.leader ?? 'the leader'} does`,
    `${target} starts ${servicesOf(group)} and takes ${address.publicIp ?? 'the address'}`,
    `${group.leader ?? 'a leader before it'} steps down as soon as it learns of the term`,
  ];
}

function servicesOf({ resources }: GroupStatus): string {
  const names = resources.filter((resource) => !isAddress(resource)).map(({ name }) => name);
  return names.length === 0 ? 'its services (it has none)' : names.join(', ');
}

interface Obstacle {
  readonly text: string;
  readonly exitCode: number;
}

function obstacles(snapshot: StatusSnapshot, { group, target, kind }: Move): readonly Obstacle[] {
  const { witness, nodes } = snapshot;
  const found: Obstacle[] = [];
  const unsafe = (text: string) => found.push({ text, exitCode: EXIT.unsafe });
  if (witness.state !== 'up') {
    const why = witness.reason === '' ? 'it was not asked yet' : witness.reason;
    found.push({ text: `the witness is ${witness.state}: ${why}`, exitCode: EXIT.noQuorum });
  }
  if (group.handover !== null) {
    const text = `a move to ${group.handover.target} is under way (${group.handover.phase})`;
    found.push({ text, exitCode: EXIT.tryAgain });
  }
  if (group.request !== null) {
    const text = `${group.request.by} asked for a ${group.request.kind} to ${group.request.target}, which is not over`;
    found.push({ text, exitCode: EXIT.tryAgain });
  }
  const candidate = group.candidates.find(({ node }) => node === target);
  if (candidate?.eligible === false) unsafe(`${target} could not lead: ${candidate.reason}`);
  if (kind === 'switchover') {
    if (group.leader === null) unsafe('nobody leads that could hand over; --force takes it without a leader');
    const leader = nodes.find(({ name }) => name === group.leader);
    if (leader?.state === 'offline')
      unsafe(`${leader.name} leads and is not heard, so it cannot hand over; --force takes it without`);
    if (group.maintenance) unsafe(`${group.name} is in maintenance`);
    if (group.address.complaint !== '') unsafe(`the address: ${group.address.complaint}`);
  }
  return found;
}

/** As a page: numbered steps, then what is in the way. Ends with a newline. */
export function planText({ steps, obstacles: found }: MovePlan): string {
  const lines = steps.map((step, place) => `${place + 1}. ${step}`);
  const end =
    found.length === 0
      ? ['Nothing is known to be in the way. Nothing was done.']
      : ['It would be refused, or would not come about:', ...found.map((text) => `  ${text}`)];
  return `${[...lines, '', ...end].join('\n')}\n`;
}
