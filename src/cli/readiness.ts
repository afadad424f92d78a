import type { GroupStatus, StatusSnapshot } from '../control/status-snapshot.ts';

/** Of one node and one group: whether it leads or could take over this second. */
export interface Readiness {
  readonly group: string;
  readonly node: string;
  readonly ready: boolean;
  /** Why not; '' when it is. */
  readonly reason: string;
}

/** Every node that a group lists, by its own word and that of the node that was asked. */
export function readinessOf({ groups }: StatusSnapshot): readonly Readiness[] {
  return groups.flatMap((group) =>
    group.candidates.map(({ node, eligible, reason }) => {
      const why = eligible ? whyNobody(group) : reason;
      return { group: group.name, node, ready: why === '', reason: why };
    }),
  );
}

/** "aux is ready", "aux could not lead: nginx -t failed". */
export const readinessText = ({ node, ready, reason }: Readiness): string =>
  ready ? `${node} is ready` : `${node} could not lead: ${reason}`;

/** Of the nodes of one group those that could not lead, each with its reason. */
export const whyUnready = (snapshot: StatusSnapshot, group: string): readonly string[] =>
  readinessOf(snapshot)
    .filter((one) => one.group === group && !one.ready)
    .map(readinessText);

/** What keeps everybody from taking over, however fit. */
function whyNobody({ leader, maintenance, address }: GroupStatus): string {
  if (leader === null) return 'nobody is known to lead';
  if (maintenance) return 'the group is in maintenance';
  return address.complaint;
}
