import { EXIT } from '../../control/exit-codes.ts';
import { type NodeStatus, recentRttMs, type StatusSnapshot } from '../../control/status-snapshot.ts';
import { peerAddresses } from '../../runtime/node-plan.ts';
import { type Check, type Finding, failure, needs, ok, warning } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';
import { type ProbeResult, probeHeartbeats } from '../heartbeat-probe.ts';

const PROBE_MS = 1_500;
const SAME_KEY = 'put the same key on both: "eipkeeper key rotate" changes it without a gap';

/** Both ways with each peer: by the word of the daemon that runs here, else by asking the peers oneself. */
export const heartbeats: Check = {
  name: 'heartbeats',
  async look(context) {
    const { file } = await needs('the configuration', context.configuration());
    if (Object.keys(file.nodes).length === 1) return [warning('there is no other node', 'add a second one')];
    const status = await needs('an answer of the daemon', context.status());
    if (status !== null) return ofDaemon(status, file.port);
    if (context.options.waiting) return [];
    return probeAll(context);
  },
};

export function ofDaemon({ nodes }: StatusSnapshot, port: number): readonly Finding[] {
  return nodes
    .filter(({ self }) => !self)
    .flatMap((peer) => {
      const isHeard = peer.links.some(({ state }) => state === 'up');
      return peer.links.map((link) => ofLink(peer, link, { isHeard, port }));
    });
}

function ofLink(
  { name }: NodeStatus,
  link: NodeStatus['links'][number],
  { isHeard, port }: { readonly isHeard: boolean; readonly port: number },
): Finding {
  const { address, state, rttMs, problem } = link;
  const label = `${name} (${address})`;
  if (state === 'up') {
    if (rttMs === null) {
      return failure(
        `${label} is heard, and does not answer: what goes there does not arrive`,
        `allow UDP ${port} from here in its security group`,
        EXIT.unavailable,
      );
    }
    const nowMs = recentRttMs(link);
    return ok(
      nowMs === null
        ? `${label} is heard, and answered when it was asked last`
        : `${label} answers in ${nowMs.toFixed(1)} ms`,
    );
  }
  const silence = state === 'never' ? 'was never heard' : 'is not heard any more';
  if (problem !== '')
    return failure(
      `${label} ${silence}: ${problem}`,
      `${SAME_KEY}; or bring both to one version`,
      EXIT.misconfigured,
    );
  const advice = `start eipkeeper there, and allow UDP ${port} between the nodes in both security groups`;
  // One of several paths is enough to work; all of them are what the operator wanted.
  return isHeard
    ? warning(`${label} ${silence}; another path works`, advice)
    : failure(`${label} ${silence}`, advice, EXIT.unavailable);
}

async function probeAll(context: DoctorContext): Promise<readonly Finding[]> {
  const self = await needs('its place among the nodes', context.self());
  const configuration = await context.placed();
  const keys = await needs('the key', context.keys());
  const { instanceId } = (await context.machine()).identity;
  const addresses = peerAddresses(configuration);
  const locals = addresses[self] ?? [];
  const probes = Object.entries(addresses)
    .filter(([peer]) => peer !== self)
    .flatMap(([peer, remotes]) =>
      remotes.slice(0, locals.length).map(async (remote, path) => {
        const probed = { self, instanceId, peer, path, local: locals[path]!, remote, keys };
        return ofProbe(`${peer} (${remote.address})`, remote.port, await probeHeartbeats(probed, PROBE_MS));
      }),
    );
  return Promise.all(probes);
}

function ofProbe(label: string, port: number, result: ProbeResult): Finding {
  switch (result.kind) {
    case 'answered':
      return ok(`${label} answers in ${result.rttMs.toFixed(1)} ms`);
    case 'one-way':
      return failure(
        `${label} is heard, and does not answer: what goes there does not arrive`,
        `allow UDP ${port} from here in its security group`,
        EXIT.unavailable,
      );
    case 'other-key':
      return failure(`${label} signs with another key`, SAME_KEY, EXIT.misconfigured);
    case 'other-version':
      return failure(
        `${label} speaks another version of the protocol`,
        'bring both nodes to versions that understand each other',
        EXIT.misconfigured,
      );
    case 'refused':
      return failure(`nobody listens on UDP ${port} of ${label}`, 'start eipkeeper there', EXIT.unavailable);
    case 'silent':
      return failure(
        `${label} is silent: it is down, a firewall stands between, or it has another key`,
        `allow UDP ${port} between the nodes in both security groups, and see "eipkeeper doctor" there`,
        EXIT.unavailable,
      );
    case 'failed':
      return failure(
        `${label} could not be asked: ${result.reason}`,
        `see who uses UDP ${port} here: "ss -lunp"`,
        EXIT.unavailable,
      );
  }
}
