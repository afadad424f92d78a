import { EXIT, type ExitCode } from '../control/exit-codes.ts';
import type { DoctorContext } from './doctor-context.ts';

/** One line of the page. */
export type Finding =
  | { readonly verdict: 'ok'; readonly text: string }
  /** It works, or may, and will surprise some day. */
  | { readonly verdict: 'warning'; readonly text: string; readonly advice: string }
  /** This node could not do its work. `exitCode`: what the command ends with when this is the first. */
  | {
      readonly verdict: 'failure';
      readonly text: string;
      readonly advice: string;
      readonly exitCode: ExitCode;
    };

/**
 * One thing that is looked at. Checks run side by side, each within a bound of its own, and change nothing that
 * stays. What a check needs of another (the configuration, the metadata) it takes with `needs`; a check that
 * throws has not found out, which the page says.
 */
export interface Check {
  /** Two words at most: the first column of the page, and the name in the JSON. */
  readonly name: string;
  look(context: DoctorContext, signal: AbortSignal): Promise<readonly Finding[]>;
}

export const ok = (text: string): Finding => ({ verdict: 'ok', text });
export const warning = (text: string, advice: string): Finding => ({ verdict: 'warning', text, advice });
export const failure = (text: string, advice: string, exitCode: ExitCode = EXIT.error): Finding => ({
  verdict: 'failure',
  text,
  advice,
  exitCode,
});

/** Something that another line of the page tells about is missing, so this check has nothing to say. */
export class Blocked extends Error {
  override readonly name = 'Blocked';
}

/** What another check reports on when it cannot be had. Throws Blocked then. */
export async function needs<T>(what: string, wanted: Promise<T>): Promise<T> {
  try {
    return await wanted;
  } catch (error) {
    throw error instanceof Blocked ? error : new Blocked(what);
  }
}
