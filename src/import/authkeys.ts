import { ImportError, type ImportProblem, type Place } from './import-error.ts';
import type { TextFile } from './text-file.ts';

/** How the heartbeats were signed until now. The secret itself is read by nobody: a new key takes its place. */
export interface SigningMethod {
  readonly place: Place;
  readonly method: 'crc' | 'md5' | 'sha1';
}

const METHODS = ['crc', 'md5', 'sha1'] as const;
const MOST_KEYS = 15;

/** The method that "auth" selects. Throws ImportError; its messages hold nothing of what is in the file. */
export function parseAuthkeys({ name, lines }: TextFile): SigningMethod {
  const problems: ImportProblem[] = [];
  const keys = new Map<number, SigningMethod>();
  let selected: { readonly place: Place; readonly number: number } | null = null;
  for (const [index, line] of lines.entries()) {
    const place = { file: name, line: index + 1 };
    const words = line.split(/[ \t\f\v]+/).filter((word) => word !== '');
    if (words[0] === undefined || words[0].startsWith('#')) continue;
    const refuse = (message: string) => void problems.push({ place, message });
    if (words[0] === 'auth') {
      if (!isKeyNumber(words[1]) || words.length > 2)
        refuse(`must be "auth" and a number from 1 to ${MOST_KEYS}`);
      else if (selected !== null) refuse(`selects a key again: line ${selected.place.line} has done so`);
      else selected = { place, number: Number(words[1]) };
      continue;
    }
    const key = toKey(place, words, refuse);
    if (key === null) continue;
    const before = keys.get(key.number);
    if (before === undefined) keys.set(key.number, key);
    else refuse(`has the number of the key in line ${before.place.line}`);
  }
  const chosen = selected === null ? undefined : keys.get(selected.number);
  if (problems.length === 0 && selected === null) {
    problems.push({
      place: { file: name, line: null },
      message: 'has no line "auth", which selects the key',
    });
  }
  if (problems.length === 0 && selected !== null && chosen === undefined) {
    problems.push({ place: selected.place, message: `selects key ${selected.number}, which is not there` });
  }
  if (chosen === undefined || problems.length > 0) throw new ImportError(problems);
  return { place: chosen.place, method: chosen.method };
}

const isKeyNumber = (text: string | undefined): boolean =>
  text !== undefined && /^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= MOST_KEYS;

function toKey(
  place: Place,
  words: readonly string[],
  refuse: (message: string) => void,
): (SigningMethod & { readonly number: number }) | null {
  const [number, method, secret, ...more] = words;
  const known = METHODS.find((name) => name === method);
  if (!isKeyNumber(number) || known === undefined) {
    refuse(
      `must be a number from 1 to ${MOST_KEYS}, a method (${METHODS.join(', ')}) and, but for crc, a secret`,
    );
    return null;
  }
  if (known === 'crc' && secret !== undefined) refuse('has a secret, which crc does not take');
  if (known !== 'crc' && secret === undefined) refuse(`has no secret, which ${known} needs`);
  if (more.length > 0) refuse('has more than one secret');
  return { place, method: known, number: Number(number) };
}
