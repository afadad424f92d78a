import { isAddress } from '../config/resources-schema.ts';
import type { GroupStatus, StatusSnapshot } from '../control/status-snapshot.ts';
import { describeMs } from './ages.ts';
import { printable } from './printable.ts';

/** What became different, one line each; ages, round trips and the end of authority are no changes. */
export function statusChanges(before: StatusSnapshot, after: StatusSnapshot): readonly string[] {
  const lines: string[] = [];
  if (before.witness.state !== after.witness.state) {
    const reason = after.witness.reason === '' ? '' : `: ${after.witness.reason}`;
    lines.push(`witness ${after.witness.state}${reason}`);
  }
  for (const node of after.nodes) {
    const earlier = before.nodes.find(({ name }) => name === node.name);
    if (earlier?.state !== node.state) lines.push(`${node.name} ${node.state}`);
    for (const link of node.links) {
      const was = earlier?.links.find(({ path }) => path === link.path)?.state;
      if (was !== undefined && was !== link.state)
        lines.push(`link to ${node.name} by ${link.address} ${link.state}`);
    }
  }
  for (const group of after.groups) {
    const earlier = before.groups.find(({ name }) => name === group.name);
    if (earlier === undefined) lines.push(`${group.name}: new group`);
    else lines.push(...groupChanges(earlier, group, after.node).map((line) => `${group.name}: ${line}`));
  }
  return lines.map((line) => printable(line).replaceAll('\n', ' '));
}

function groupChanges(before: GroupStatus, after: GroupStatus, node: string): readonly string[] {
  const lines: string[] = [];
  if (before.leader !== after.leader) {
    lines.push(`leader ${after.leader ?? 'nobody'}, term ${after.term} (was ${before.leader ?? 'nobody'})`);
  } else if (before.term !== after.term) {
    lines.push(`term ${after.term}, leader still ${after.leader ?? 'nobody'}`);
  }
  if (before.role !== after.role) lines.push(`${node} is ${after.role}`);
  if (before.authority.held !== after.authority.held && after.role === 'leading') {
    lines.push(after.authority.held ? 'authority regained' : 'authority lost');
  }
  if (
    before.handover?.phase !== after.handover?.phase ||
    before.handover?.target !== after.handover?.target
  ) {
    lines.push(
      after.handover === null
        ? 'handover ended'
        : `handover to ${after.handover.target}: ${after.handover.phase}`,
    );
  }
  if (before.address.holder !== after.address.holder) {
    const { publicIp, holder } = after.address;
    const place = { free: 'on no instance' }[holder ?? ''] ?? `on ${holder}`;
    const where = holder === null ? 'is being looked for' : place;
    lines.push(['address', publicIp, where].filter(Boolean).join(' '));
  }
  if (before.address.complaint !== after.address.complaint && after.address.complaint !== '') {
    lines.push(after.address.complaint);
  }
  if (before.maintenance !== after.maintenance) {
    lines.push(after.maintenance ? 'in maintenance' : 'out of maintenance');
  }
  for (const resource of after.resources) {
    const was = before.resources.find(({ name }) => name === resource.name)?.state;
    // The address has its own line, above.
    if (isAddress(resource) || was === resource.state) continue;
    lines.push(
      `${resource.name} ${resource.state} on ${node}${resource.reason === '' ? '' : `: ${resource.reason}`}`,
    );
  }
  for (const candidate of after.candidates) {
    const was = before.candidates.find((earlier) => earlier.node === candidate.node)?.eligible;
    if (was === candidate.eligible) continue;
    lines.push(
      candidate.eligible
        ? `${candidate.node} could lead`
        : `${candidate.node} could not lead: ${candidate.reason}`,
    );
  }
  const change = after.lastChange;
  if (
    change !== null &&
    change.phases !== null &&
    JSON.stringify(change) !== JSON.stringify(before.lastChange)
  ) {
    const { detectMs, claimMs, moveMs, startMs, totalMs } = change.phases;
    lines.push(
      `serving after ${describeMs(totalMs)} (${change.reason}: detect ${describeMs(detectMs)}, claim ${describeMs(claimMs)}, move ${describeMs(moveMs)}, start ${describeMs(startMs)})`,
    );
  }
  return lines;
}
