/** What people type who come from Heartbeat and Pacemaker, and what it is here. */
const OLD_WORDS: Readonly<Record<string, string>> = {
  hb_standby: 'standby',
  hb_takeover: 'switchover',
  cl_status: 'status',
  crm_mon: 'status',
};

const MIN_START = 3;

/** For a verb that there is not: the one that was meant, in a sentence; '' where it cannot be told. */
export function meantVerb(typed: string, verbs: readonly string[]): string {
  const old = Object.hasOwn(OLD_WORDS, typed) ? OLD_WORDS[typed] : undefined;
  if (old !== undefined) return `${typed} is "eipkeeper ${old}" here`;
  const begun = verbs.filter((verb) => typed.length >= MIN_START && verb.startsWith(typed));
  return begun.length === 1 ? `Did you mean ${begun[0]}?` : '';
}
