import { isAddress } from '../../config/resources-schema.ts';
import { ControlError } from '../../control/client.ts';
import { EXIT } from '../../control/exit-codes.ts';
import type { GroupStatus, StatusSnapshot } from '../../control/status-snapshot.ts';
import { type Check, type Finding, failure, ok, warning } from '../check.ts';

/** What the daemon that runs here says of itself, of the groups that it could lead, and of its peers. */
export const daemon: Check = {
  name: 'daemon',
  async look(context) {
    const { version, waiting } = context.options;
    const status = await context.status().catch((error: unknown) => {
      if (error instanceof ControlError) return error;
      throw error;
    });
    if (status instanceof ControlError)
      return [failure(status.message, 'look at "systemctl status eipkeeper"', status.exitCode)];
    if (status === null) {
      const advice = 'systemctl enable --now eipkeeper';
      return [
        waiting
          ? failure('it does not run', advice, EXIT.unavailable)
          : warning('it does not run here', advice),
      ];
    }
    return [
      ofVersion(status, version),
      ofWitness(status),
      ...status.groups.flatMap((group) => ofGroup(group, status)),
    ];
  },
};

function ofVersion({ daemonVersion, node }: StatusSnapshot, version: string): Finding {
  if (daemonVersion === version) return ok(`${node} runs eipkeeper ${version}`);
  return warning(
    `${node} runs eipkeeper ${daemonVersion}, and this command is of ${version}`,
    'restart the daemon, the leader last: systemctl restart eipkeeper',
  );
}

function ofWitness({ witness }: StatusSnapshot): Finding {
  switch (witness.state) {
    case 'up':
      return ok('the witness answers it');
    case 'unknown':
      return warning('it has not asked the witness yet', 'wait a moment');
    case 'down':
      return failure(
        `the witness does not answer it: ${witness.reason}`,
        'see the lines of the witness and of the way to AWS',
        EXIT.noQuorum,
      );
  }
}

function ofGroup(group: GroupStatus, { node }: StatusSnapshot): readonly Finding[] {
  const findings: Finding[] = [];
  if (group.leader === null)
    findings.push(
      failure(`${group.name}: nobody leads it`, 'wait a moment; then see "eipkeeper status"', EXIT.tryAgain),
    );
  if (group.address.complaint !== '')
    findings.push(failure(`${group.name}: ${group.address.complaint}`, 'see "eipkeeper explain"'));
  if (group.maintenance)
    findings.push(warning(`${group.name} is in maintenance: nobody takes over`, 'eipkeeper maintenance off'));
  findings.push(...ofResources(group, node));
  for (const { node: candidate, eligible, reason } of group.candidates) {
    if (eligible) continue;
    const text = `${candidate} could not lead ${group.name}: ${reason}`;
    findings.push(
      candidate === node
        ? failure(text, 'mend that, or "eipkeeper cleanup" when it is mended', EXIT.unsafe)
        : warning(text, `see "eipkeeper doctor" on ${candidate}`),
    );
  }
  if (findings.length > 0 || group.leader === null) return findings;
  const led = group.leader === node ? 'leads' : 'could lead';
  return [ok(`${node} ${led} ${group.name}`)];
}

/** Who leads has all of it running, the address too; of which there is one sentence, its complaint, or this one. */
function ofResources(group: GroupStatus, node: string): readonly Finding[] {
  if (group.leader !== node || group.role !== 'leading' || group.maintenance) return [];
  return group.resources
    .filter((resource) => !isAddress(resource) || group.address.complaint === '')
    .filter(({ state }) => state !== 'started' && state !== 'unknown')
    .map(({ name, state, reason }) =>
      failure(
        `${node} leads ${group.name}, and ${name} is ${state}${reason === '' ? '' : `: ${reason}`}`,
        reason === '' ? 'wait a moment; then see "eipkeeper status"' : 'mend that, then "eipkeeper cleanup"',
        EXIT.tryAgain,
      ),
    );
}
