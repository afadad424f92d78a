/** Says in sentences why something happened, or why it did not, from what a journal recorded at that time. */
import type { GroupName, Term } from '../core/types.ts';
import { type Scene, termReason } from '../observability/sentences.ts';
import type { Change, Episode, Stay } from './episode.ts';
import type { FactLine } from './fact.ts';
import type { Finding } from './finding.ts';
import { type EvidenceScene, findingSentence, leaseSentence, silenceSentence } from './finding-sentence.ts';
import { gatherEvidence } from './gather-evidence.ts';
import type { Recording } from './recording.ts';
import { decisionOf, isCall, selectEvidence } from './select-evidence.ts';
import { localIso } from './wall-time.ts';

export interface Explanation {
  readonly group: GroupName;
  readonly kind: Episode['kind'];
  readonly wallMs: number;
  readonly term: Term | null;
  readonly headline: string;
  /** False: the recording of that time is gone, and the sentences are from the notes alone. */
  readonly isRecorded: boolean;
  readonly sentences: readonly { readonly wallMs: number; readonly text: string }[];
}

export interface ExplainOptions {
  readonly facts: readonly FactLine[];
  readonly recordings: readonly Recording[];
  readonly addressOf: Scene['addressOf'];
}

const SENTENCES_MOST = 40;

export function explain(episode: Episode, { facts, recordings, addressOf }: ExplainOptions): Explanation {
  const { self, incarnation, group } = episode;
  const own = recordings.filter(({ head }) => head.incarnation === incarnation);
  const isRecorded = own.some(({ head, steps }) => {
    const lastMs = steps.at(-1)?.event.at.nowMs ?? head.nowMs;
    return head.nowMs <= episode.atMs && episode.atMs <= lastMs;
  });
  const scene: EvidenceScene = { self, addressOf, paths: own[0]?.head.paths ?? 1 };
  const findings = isRecorded ? gatherEvidence(own, group) : findingsOf(facts, episode);
  const evidence = selectEvidence(episode, findings);
  const told = evidence.slice(0, SENTENCES_MOST).map((finding) => ({
    wallMs: finding.wallMs,
    text: sentence(`${findingSentence(finding, scene)}${noDefence(finding, episode)}`, group),
  }));
  return {
    group,
    kind: episode.kind,
    wallMs: episode.wallMs,
    term: episode.kind === 'change' ? episode.term : null,
    headline: headlineOf(episode),
    isRecorded,
    sentences: [...withSilence(told, episode, findings, scene), ...conclusion(episode, evidence)],
  };
}

/** What it means for a takeover that the witness knew nothing newer. */
function noDefence(finding: Finding, episode: Episode): string {
  if (episode.kind !== 'change' || episode.reason !== 'takeover' || episode.from === null) return '';
  if (!isCall(finding, 'read-newest') || finding.result?.type !== 'newest-term') return '';
  const isNewer = (finding.result.record?.term ?? 0) > finding.call.known;
  return isNewer ? '' : `, so ${episode.from} had not defended itself`;
}

/** Notes alone, when the recording has made room for newer ones. */
function findingsOf(facts: readonly FactLine[], { incarnation, group }: Episode): readonly Finding[] {
  return facts.flatMap((fact): Finding[] => {
    if (fact.kind !== 'note' || fact.incarnation !== incarnation) return [];
    if ('group' in fact.note && fact.note.group !== group) return [];
    return [{ type: 'note', note: fact.note, atMs: fact.atMs, wallMs: fact.wallMs }];
  });
}

function headlineOf(episode: Episode): string {
  const at = localIso(episode.wallMs);
  switch (episode.kind) {
    case 'change': {
      const { to, from, term, reason, by, self } = episode;
      const before = from === null || from === to ? '' : ` after ${from}`;
      const asked = by === '' ? '' : `, asked by ${by}`;
      const unknown = `why, the journal of ${to} knows; ${self} only learned of it`;
      const why = reason === null ? unknown : `${termReason(reason)}${asked}`;
      return `${to} leads ${episode.group}${before} since ${at}, term ${term}: ${why}.`;
    }
    case 'stay':
      return `${episode.owner} went on leading ${episode.group} through a silence that was noticed at ${at}.`;
    case 'refusal': {
      const asked = episode.by === '' ? '' : `, which ${episode.by} asked for,`;
      return `${episode.group} was not moved to ${episode.to}${asked} at ${at}: ${episode.why}.`;
    }
  }
}

/** The silence stands at the moment of the decision that was made because of it. */
function withSilence(
  told: Explanation['sentences'],
  episode: Episode,
  findings: readonly Finding[],
  scene: EvidenceScene,
): Explanation['sentences'] {
  const decision =
    episode.kind === 'change'
      ? silentDecision(episode, findings)
      : episode.kind === 'stay' && episode.owner === episode.self
        ? firstDefence(episode, findings)
        : null;
  if (decision === null) return told;
  const about = decision.silences.filter(
    ({ node }) => episode.kind !== 'change' || episode.from === null || node === episode.from,
  );
  const texts = about.map((silence) => silenceSentence(silence, scene));
  const { lease } = decision;
  if (episode.kind === 'change' && episode.reason === 'takeover' && lease !== null)
    texts.push(leaseSentence(lease, scene.self));
  const added = texts.map((text) => ({ wallMs: decision.wallMs, text: sentence(text, episode.group) }));
  const index = told.findIndex(({ wallMs }) => wallMs >= decision.wallMs);
  const at = index === -1 ? told.length : index;
  return [...told.slice(0, at), ...added, ...told.slice(at)];
}

function silentDecision(change: Change, findings: readonly Finding[]) {
  const isForSilence =
    change.reason === 'takeover' || change.reason === 'first' || change.reason === 'forced';
  return isForSilence ? decisionOf(change, findings) : null;
}

function firstDefence(stay: Stay, findings: readonly Finding[]) {
  const found = findings.find(
    (finding) =>
      finding.type === 'call' &&
      finding.call.type === 'create-term' &&
      finding.call.record.term === stay.firstTerm,
  );
  return found?.type === 'call' ? found : null;
}

/** What followed from it, for what did not happen. */
function conclusion(episode: Episode, evidence: readonly Finding[]): Explanation['sentences'] {
  if (episode.kind !== 'stay') return [];
  const { owner, self, wallMs, untilWallMs } = episode;
  const text = owner === self ? defended(episode) : whyWaited(episode, evidence);
  return [{ wallMs: untilWallMs ?? wallMs, text: sentence(text, episode.group) }];
}

function defended({ self, firstTerm, lastTerm, renewals }: Stay): string {
  if (renewals === 0) return `${self} created no new term and learned of none of anybody else`;
  const terms = renewals === 1 ? `term ${lastTerm}` : `the terms ${firstTerm} to ${lastTerm}`;
  return `${self} had created ${terms} itself, before anybody else could, so nobody could take over from it`;
}

function whyWaited({ owner, self, firstTerm, lastTerm }: Stay, evidence: readonly Finding[]): string {
  if (lastTerm > firstTerm) {
    return `${owner} renewed its term at the witness (${firstTerm} to ${lastTerm}), which only a living leader does, so ${self} waited`;
  }
  const failed = evidence.some(({ type, ...rest }) => 'note' in rest && rest.note.type === 'witness-down');
  if (failed) return `the witness did not answer, and without its word ${self} takes nothing over`;
  return `${self} created no term: it had to wait, or could not have led`;
}

/** Begins without the group, which the headline names, and ends with one full stop. */
function sentence(text: string, group: GroupName): string {
  const bare = text.startsWith(`${group}: `) ? text.slice(group.length + 2) : text;
  return `${bare}${/[.!?]$/.test(bare) ? '' : '.'}`;
}
