const LINE_FEED = 10;

/** Takes out what would move the cursor or hide text: reasons come from other programs and from the network. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) =>
    character.codePointAt(0) === LINE_FEED ? character : '?',
  );
}
