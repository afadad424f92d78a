/**
 * The state of a core as JSON and back, exactly: a checkpoint that is off by one bit of one time may decide
 * otherwise. Maps, typed arrays and infinities, which JSON lacks, stand behind tags that no name can have.
 */
import type { CoreState } from '../core/state.ts';

const MAP = '$map';
const FLOATS = '$floats';
const NUMBER = '$number';

/** A value that `JSON.stringify` writes as it is. Throws TypeError at a kind of object that it does not know. */
export function toPlain(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : { [NUMBER]: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(toPlain);
  if (value instanceof Map) return { [MAP]: [...value].map(([key, item]) => [key, toPlain(item)]) };
  if (value instanceof Float64Array) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return { [FLOATS]: bytes.toString('base64') };
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    throw new TypeError(`a checkpoint cannot hold a ${value.constructor.name}`);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)]));
}

/** The inverse of `toPlain`. */
export function fromPlain(plain: unknown): unknown {
  if (typeof plain !== 'object' || plain === null) return plain;
  if (Array.isArray(plain)) return plain.map(fromPlain);
  const tagged = plain as Record<string, unknown>;
  if (typeof tagged[NUMBER] === 'string') return Number(tagged[NUMBER]);
  if (Array.isArray(tagged[MAP])) {
    return new Map(tagged[MAP].map(([key, item]: [unknown, unknown]) => [key, fromPlain(item)]));
  }
  if (typeof tagged[FLOATS] === 'string') {
    // Copied, so that the floats begin where an array of floats may begin.
    return new Float64Array(new Uint8Array(Buffer.from(tagged[FLOATS], 'base64')).buffer);
  }
  return Object.fromEntries(Object.entries(plain).map(([key, item]) => [key, fromPlain(item)]));
}

export const stateFromPlain = (plain: unknown): CoreState => fromPlain(plain) as CoreState;
