import { ElasticIpReader } from '../../cloud/elastic-ip-reader.ts';
import { formatDuration } from '../../config/duration.ts';
import { type NodeStatus, recentRttMs } from '../../control/status-snapshot.ts';
import { ParameterNames } from '../../witness/parameter-names.ts';
import { ParameterReader } from '../../witness/parameter-reader.ts';
import { Blocked, type Check, type Finding, failure, needs, ok, warning } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';
import { elasticIps } from './address.ts';

const SAMPLES = 3;
const CALL_TIMEOUT_MS = 5_000;

/** The timings of the configuration against what the network and AWS take, measured now. */
export const timings: Check = {
  name: 'timings',
  async look(context, signal) {
    const { timings: configured } = await needs('the configuration', context.configuration());
    const groups = Object.values(configured.groups);
    const witnessTimeoutMs = Math.min(...groups.map((group) => group.witnessTimeoutMs));
    const warntimeMs = Math.min(...groups.map((group) => group.warntimeMs));
    return Promise.all([
      ...(await ofFiles(context)),
      ofWitness(await slowestRead(context, signal), witnessTimeoutMs),
      ...ofLinks((await needs('an answer of the daemon', context.status()))?.nodes ?? [], warntimeMs),
      ofEc2(context, signal),
    ]);
  },
};

/** Nodes with different files stay safe, since promises last as long as the leader says; one of them is not as meant. */
async function ofFiles(context: DoctorContext): Promise<readonly Finding[]> {
  const { timings: configured } = await context.configuration();
  const status = await needs('an answer of the daemon', context.status());
  return (status?.groups ?? []).flatMap(({ name, leader, leaderDeadtimeMs }) => {
    const own = configured.groups[name]?.deadtimeMs;
    if (own === undefined || leaderDeadtimeMs === null || leaderDeadtimeMs === own) return [];
    const text = `${name}: ${leader} leads with a deadtime of ${formatDuration(leaderDeadtimeMs)}, and the file here says ${formatDuration(own)}`;
    return [warning(text, 'put the same file on both nodes, then "eipkeeper reload"')];
  });
}

async function slowestRead(context: DoctorContext, signal: AbortSignal): Promise<number> {
  const clients = await needs('the configuration or the metadata', context.clients());
  const name = new ParameterNames((await context.configuration()).witnessPrefix).request;
  // The first opens the connection, which the daemon keeps open.
  await clients.warm();
  return slowest(async () => {
    const bounds = { signal, deadlineMs: CALL_TIMEOUT_MS };
    return (await new ParameterReader(clients).read(name, bounds)).status !== 'failed';
  }, 'an answer of SSM');
}

async function slowest(call: () => Promise<boolean>, what: string): Promise<number> {
  let slowestMs = 0;
  for (let sample = 0; sample <= SAMPLES; sample += 1) {
    const startedMs = performance.now();
    if (!(await call())) throw new Blocked(what);
    // The first loads code and credentials.
    if (sample > 0) slowestMs = Math.max(slowestMs, performance.now() - startedMs);
  }
  return slowestMs;
}

function ofWitness(slowestMs: number, timeoutMs: number): Finding {
  const text = `SSM answers in ${Math.ceil(slowestMs)} ms at the slowest of ${SAMPLES}, witnessTimeout is ${formatDuration(timeoutMs)}`;
  const advice = 'take the profile default, or a longer witnessTimeout with a longer deadtime';
  if (slowestMs >= timeoutMs) return failure(text, advice);
  return slowestMs > timeoutMs / 2 ? warning(text, advice) : ok(text);
}

/** What the daemon measured of its links. Of its start, when all is slow, alone: no reason to call a standby unfit. */
export function ofLinks(nodes: readonly NodeStatus[], warntimeMs: number): readonly Finding[] {
  const advice = 'bring the nodes closer together, or lengthen warntime and deadtime';
  const ofLink = (name: string, link: NodeStatus['links'][number]): Finding | null => {
    if (link.rttMs === null) return null;
    const rttMs = recentRttMs(link);
    if (rttMs === null) return ok(`${name} answered in ${link.rttMs.toFixed(1)} ms when it was last asked`);
    const text = `${name} answers in ${rttMs.toFixed(1)} ms, warntime is ${formatDuration(warntimeMs)}`;
    if (rttMs >= warntimeMs) return failure(text, advice);
    return rttMs > warntimeMs / 3 ? warning(text, advice) : ok(text);
  };
  return nodes
    .flatMap(({ name, links }) => links.map((link) => ofLink(name, link)))
    .filter((finding) => finding !== null);
}

/** Nothing depends on how fast EC2 is but the length of a takeover. */
async function ofEc2(context: DoctorContext, signal: AbortSignal): Promise<Finding> {
  const clients = await context.clients();
  const groups = await needs('its place among the nodes', context.cloudGroups());
  const [planned] = [...groups.values()].flatMap(elasticIps);
  if (planned === undefined) return ok('no Elastic IP to ask EC2 about');
  const slowestMs = await slowest(async () => {
    const bounds = { signal, deadlineMs: CALL_TIMEOUT_MS };
    return (await new ElasticIpReader(clients).read(planned.id, bounds)).status === 'read';
  }, 'an answer of EC2');
  return ok(`EC2 answers in ${Math.ceil(slowestMs)} ms at the slowest of ${SAMPLES}`);
}
