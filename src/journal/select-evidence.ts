/** Which of the findings belong to one episode: those of its time, without what only repeats. */
import type { CallEffect } from '../core/effects.ts';
import type { Millis } from '../core/types.ts';
import type { Change, Episode } from './episode.ts';
import type { Finding } from './finding.ts';

export type CallFinding = Extract<Finding, { readonly type: 'call' }>;

/** A handover takes at most so long from the request to the yield. */
const HANDOVER_MOST_MS = 60_000;
/** A new leader has the address by then, or gives it back. */
const SETTLED_MS = 20_000;
const SERVING_MOST_MS = 120_000;
const SILENCE_MOST_MS = 120_000;

export const isCall = <T extends CallEffect['type']>(
  finding: Finding,
  type: T,
): finding is CallFinding & { readonly call: Extract<CallEffect, { readonly type: T }> } =>
  finding.type === 'call' && finding.call.type === type;

/** The first attempt at the term of a change; null when somebody else made it or it is not recorded. */
export function decisionOf(change: Change, findings: readonly Finding[]): CallFinding | null {
  const found = findings.find(
    (finding) => isCall(finding, 'create-term') && finding.call.record.term === change.term,
  );
  return found?.type === 'call' ? found : null;
}

export function selectEvidence(episode: Episode, findings: readonly Finding[]): readonly Finding[] {
  const { fromMs, toMs } = spanOf(episode, findings);
  const inTime = findings.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  const decidedMs =
    episode.kind === 'change' ? (decisionOf(episode, findings)?.atMs ?? episode.atMs) : episode.atMs;
  return inTime.filter((finding, index) => {
    if (finding.type === 'note') return isNews(finding, inTime, index, episode);
    if (finding.type !== 'call') return true;
    const isFailed = finding.result?.type === 'failed';
    const later = inTime.slice(index + 1).filter((other) => isCall(other, finding.call.type));
    const earlier = inTime.slice(0, index).filter((other) => isCall(other, finding.call.type));
    if (isFailed) return !isSameAnswer(earlier.at(-1), finding);
    if (episode.kind === 'stay' && finding.call.type === 'create-term') return earlier.length === 0;
    if (!isReading(finding.call)) return true;
    // Before the decision the last one counts, afterwards only what differs from the one before.
    if (finding.atMs <= decidedMs) return !later.some(({ atMs }) => atMs <= decidedMs);
    const isOfAddress = finding.call.type === 'describe-address';
    return episode.kind !== 'stay' && isOfAddress && !isSameAnswer(earlier.at(-1), finding);
  });
}

function spanOf(episode: Episode, findings: readonly Finding[]): { fromMs: Millis; toMs: Millis } {
  const { atMs } = episode;
  switch (episode.kind) {
    case 'change':
      return { fromMs: beginOf(episode, findings), toMs: endOf(episode, findings) };
    case 'refusal':
      return { fromMs: handoverBegan(episode.to, atMs, findings), toMs: atMs };
    case 'stay': {
      const down = findings.find(
        (finding) => finding.type === 'note' && finding.note.type === 'peer-down' && finding.atMs === atMs,
      );
      const isDown = down?.type === 'note' && down.note.type === 'peer-down';
      const silentMs = isDown && down.note.type === 'peer-down' ? down.note.silentMs : 1_000;
      return { fromMs: atMs - silentMs, toMs: episode.untilMs ?? atMs + SILENCE_MOST_MS };
    }
  }
}

function beginOf(change: Change, findings: readonly Finding[]): Millis {
  const decision = decisionOf(change, findings);
  if (change.reason !== 'takeover' && change.reason !== 'first') {
    const beganMs = handoverBegan(change.to, change.atMs, findings);
    if (beganMs < change.atMs) return beganMs;
  }
  if (decision === null) return change.atMs - 1_000;
  const silence = decision.silences.find(({ node }) => node === change.from);
  return decision.atMs - Math.min(silence?.forMs ?? 1_000, SILENCE_MOST_MS);
}

function endOf(change: Change, findings: readonly Finding[]): Millis {
  if (change.to !== change.self) return change.atMs;
  const serving = findings.find(
    ({ type, atMs, ...rest }) =>
      'note' in rest && rest.note.type === 'serving' && rest.note.term >= change.term && atMs >= change.atMs,
  );
  const settledMs = change.atMs + SETTLED_MS;
  return serving === undefined ? settledMs : Math.min(serving.atMs, change.atMs + SERVING_MOST_MS);
}

/** When the handover to a node was asked for or begun; `atMs` itself when there is no trace of it. */
function handoverBegan(to: string, atMs: Millis, findings: readonly Finding[]): Millis {
  const traces = findings.filter((finding) => {
    if (finding.atMs > atMs || finding.atMs < atMs - HANDOVER_MOST_MS) return false;
    if (finding.type === 'asked') return finding.target === to;
    if (finding.type === 'prepare') return true;
    return finding.type === 'note' && finding.note.type === 'handover-started' && finding.note.to === to;
  });
  return traces[0]?.atMs ?? atMs;
}

/** Not what the answer of a call says anyway, and of renewals the first. */
function isNews(
  finding: Extract<Finding, { readonly type: 'note' }>,
  inTime: readonly Finding[],
  index: number,
  episode: Episode,
): boolean {
  const { note } = finding;
  switch (note.type) {
    case 'became-leader':
    case 'defended':
      if (episode.kind !== 'stay') {
        return !inTime.some((other) => isCall(other, 'create-term') && other.call.record.term === note.term);
      }
      return false;
    // One step may say that a claim came second and who leads.
    case 'leader-known':
      return !inTime
        .slice(0, index)
        .some(
          (other) =>
            isNoteOf(other, 'leader-known') || (isNoteOf(other, 'claim-lost') && other.atMs === finding.atMs),
        );
    default:
      return true;
  }
}

const isNoteOf = (finding: Finding, type: string): boolean =>
  finding.type === 'note' && finding.note.type === type;

const isReading = ({ type }: CallEffect): boolean =>
  type === 'read-newest' ||
  type === 'read-term' ||
  type === 'describe-address' ||
  type === 'describe-instance';

/** The ids of associations change with every move; who holds it is what counts. */
function isSameAnswer(before: Finding | undefined, finding: CallFinding): boolean {
  if (before?.type !== 'call') return false;
  const about = ({ result }: CallFinding): string => {
    if (result?.type === 'address-reading') return JSON.stringify(result.holder);
    return result?.type === 'failed' ? result.failure : JSON.stringify(result);
  };
  return about(before) === about(finding);
}
