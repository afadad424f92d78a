export const KEY_BYTES = 32;

/**
 * What a key's file or parameter holds: one key, or two while a change is under way. The second line says which of
 * the two is the older, so that a change that was interrupted can go on:
 *
 *     <signs>
 *     next <accepted as well, signs soon>
 *
 * or `previous <accepted as well, goes soon>`.
 */
export interface KeyText {
  readonly current: Uint8Array;
  readonly other: { readonly is: 'next' | 'previous'; readonly key: Uint8Array } | null;
}

/** null for what is neither one key nor two. */
export function parseKeyText(text: string): KeyText | null {
  const [first = '', second, ...rest] = text.trim().split(/\r?\n/);
  const current = parseKey(first);
  if (current === null || rest.length > 0) return null;
  if (second === undefined) return { current, other: null };
  const [, is, written = ''] = /^(next|previous) (\S+)\s*$/.exec(second) ?? [];
  const key = parseKey(written);
  if (key === null || (is !== 'next' && is !== 'previous')) return null;
  return { current, other: { is, key } };
}

export function formatKeyText({ current, other }: KeyText): string {
  const second = other === null ? '' : `${other.is} ${base64(other.key)}\n`;
  return `${base64(current)}\n${second}`;
}

const base64 = (key: Uint8Array): string => Buffer.from(key).toString('base64');

/** 32 bytes as 64 hexadecimal digits, or as base64 of either alphabet; null for anything else. */
export function parseKey(text: string): Uint8Array | null {
  const trimmed = text.trim();
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) return Buffer.from(trimmed, 'hex');
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return null;
  const bytes = Buffer.from(trimmed, 'base64url');
  return bytes.length === KEY_BYTES ? bytes : null;
}
