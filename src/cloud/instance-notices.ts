import type { OwnDeparture } from '../core/events.ts';
import { ImdsError } from './imds.ts';

/** What the metadata service may say of the end of this instance. Shapes: docs/discoveries/metadata-events.md. */
export const NOTICE_PATHS = {
  spot: 'spot/instance-action',
  rebalance: 'events/recommendations/rebalance',
  maintenance: 'events/maintenance/scheduled',
  lifecycle: 'autoscaling/target-lifecycle-state',
} as const;
export type NoticeSource = keyof typeof NOTICE_PATHS;

export interface NoticePolicy {
  readonly rebalance: boolean;
  /** How long before a scheduled maintenance may begin the machine counts as going. */
  readonly maintenanceLeadMs: number;
}

const NOT_GOING: OwnDeparture = { grade: 'none', why: '' };

/**
 * What one answer means at `wallMs` (milliseconds since 1970); `body` is null where the service has nothing (404).
 * Throws ImdsError `unusable` for an answer that is none of the documented ones: that is not an event.
 */
export function readNotice(
  source: NoticeSource,
  body: string | null,
  wallMs: number,
  policy: NoticePolicy,
): OwnDeparture {
  if (body === null || body === '') return NOT_GOING;
  switch (source) {
    case 'spot':
      return spotNotice(asRecord(source, parse(source, body)));
    case 'rebalance':
      return policy.rebalance ? rebalanceNotice(asRecord(source, parse(source, body))) : NOT_GOING;
    case 'maintenance':
      return maintenanceNotice(parse(source, body), wallMs, policy);
    case 'lifecycle':
      return body === 'Terminated'
        ? { grade: 'imminent', why: 'its Auto Scaling group terminates this instance' }
        : NOT_GOING;
  }
}

const VERBS: Readonly<Record<string, string>> = {
  terminate: 'takes',
  stop: 'stops',
  hibernate: 'hibernates',
};

function spotNotice({ action, time }: Record<string, unknown>): OwnDeparture {
  const verb = VERBS[String(action)];
  if (verb === undefined) throw unusable('spot', `the action ${JSON.stringify(action)}`);
  return {
    grade: 'imminent',
    why: `EC2 ${verb} this spot instance at ${clockTime(parseTime('spot', time))}`,
  };
}

function rebalanceNotice({ noticeTime }: Record<string, unknown>): OwnDeparture {
  const at = clockTime(parseTime('rebalance', noticeTime));
  return { grade: 'advised', why: `EC2 recommended at ${at} to replace this spot instance (rebalance)` };
}

/** The earliest of the events that are not over and near enough. */
function maintenanceNotice(events: unknown, wallMs: number, policy: NoticePolicy): OwnDeparture {
  if (!Array.isArray(events)) throw unusable('maintenance', 'no list');
  let earliest: { atMs: number; code: string } | null = null;
  for (const event of events) {
    const { Code, State, NotBefore } = asRecord('maintenance', event);
    if (State === 'completed' || State === 'canceled') continue;
    const atMs = parseTime('maintenance', NotBefore);
    if (atMs - policy.maintenanceLeadMs > wallMs) continue;
    if (earliest === null || atMs < earliest.atMs) earliest = { atMs, code: String(Code) };
  }
  if (earliest === null) return NOT_GOING;
  const from = new Date(earliest.atMs).toISOString().replace(/:\d\d\.\d+Z$/, 'Z');
  return { grade: 'imminent', why: `EC2 has scheduled ${earliest.code} of this instance from ${from} on` };
}

function parse(source: NoticeSource, body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw unusable(source, 'something that is not JSON');
  }
}

function asRecord(source: NoticeSource, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw unusable(source, 'something that is not an object');
}

/** "2026-11-21T12:04:00Z", or as in scheduled events "21 Nov 2026 12:04:00 GMT". */
function parseTime(source: NoticeSource, value: unknown): number {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw unusable(source, `the time ${JSON.stringify(value)}`);
  return ms;
}

/** 12:04:00Z: these times are minutes away. */
const clockTime = (ms: number): string => `${new Date(ms).toISOString().slice(11, 19)}Z`;

const unusable = (source: NoticeSource, what: string): ImdsError =>
  new ImdsError('unusable', `the metadata service says of ${NOTICE_PATHS[source]} ${what}`);
