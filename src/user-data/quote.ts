import { UserDataError } from './user-data-error.ts';

/** `text` as one word of sh, whatever is in it. Throws UserDataError, which calls it `name`, for what no value has. */
export function quote(name: string, text: string): string {
  if (text === '') throw new UserDataError(`${name} is empty: give it a value or leave it out`);
  if (/\p{Cc}/u.test(text)) {
    throw new UserDataError(
      `${name} holds a line break or another control character: ${JSON.stringify(text)}; write it in one line`,
    );
  }
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Ends a here-document; no line of what is in it may be this. */
const END_OF_TEXT = 'END_OF_CONFIGURATION';

/** Lines that write `text` to the standard input of the command before them, as it is. */
export function hereDocument(
  name: string,
  text: string,
): { readonly redirect: string; readonly body: string } {
  if (text.includes('\0')) throw new UserDataError(`${name} holds a zero byte: it is no text`);
  if (text.split(/\r?\n/).includes(END_OF_TEXT)) {
    throw new UserDataError(
      `${name} has a line "${END_OF_TEXT}", which ends the text in the script: change it`,
    );
  }
  return { redirect: `<<'${END_OF_TEXT}'`, body: `${text.replace(/\n*$/, '\n')}${END_OF_TEXT}` };
}
