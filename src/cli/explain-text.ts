import type { Explanation } from '../journal/explain.ts';
import { localIso, localTime } from '../journal/wall-time.ts';
import { printable } from './printable.ts';

/** A headline and its evidence, one sentence a line. */
export function explanationText({ headline, sentences, isRecorded }: Explanation): string {
  const source = isRecorded ? [] : ['  (No recording of that time is left; this is from the notes alone.)'];
  const evidence = sentences.map(({ wallMs, text }) => `  ${localTime(wallMs)}  ${text}`);
  return printable(`${[headline, ...source, ...evidence].join('\n')}\n`);
}

/** The same for programs. */
export function explanationEntry(explanation: Explanation): object {
  const { kind, group, term, wallMs, headline, isRecorded, sentences } = explanation;
  const evidence = sentences.map((sentence) => ({ time: localIso(sentence.wallMs), text: sentence.text }));
  return { kind, group, term, time: localIso(wallMs), headline, isRecorded, evidence };
}
