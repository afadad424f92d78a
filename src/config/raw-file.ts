/** A file as it was written, before any shape was checked: what is not of the expected kind reads as empty. */

export type Entries = readonly (readonly [string, Readonly<Record<string, unknown>>])[];

export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

export const entriesOf = (value: unknown): Entries =>
  Object.entries(asRecord(value)).map(([name, entry]) => [name, asRecord(entry)] as const);

export const stringsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

/** The addresses that a node is written with. */
export function addressesOf(node: Readonly<Record<string, unknown>>): readonly string[] {
  return typeof node.address === 'string' ? [node.address] : stringsOf(node.addresses);
}
