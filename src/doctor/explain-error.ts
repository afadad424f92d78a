import type { FailedCall } from '../cloud/cloud-error.ts';
import { ConfigError } from '../config/config-error.ts';
import { EXIT, type ExitCode } from '../control/exit-codes.ts';
import { configExitCode } from '../runtime/config-exit-code.ts';
import { type Finding, failure } from './check.ts';

/** The line for a ConfigError; anything else is thrown on. */
export function configFailure(error: unknown, advice: string): Finding {
  if (!(error instanceof ConfigError)) throw error;
  return failure(error.message, advice, configExitCode(error));
}

/** The line for a call to AWS that failed; its reason says what to look at. */
export function callFailure(failed: FailedCall, advice: string): Finding {
  return failure(failed.reason, advice, exitCodeOf(failed));
}

function exitCodeOf({ failure: kind }: FailedCall): ExitCode {
  switch (kind) {
    case 'denied':
      return EXIT.noPermission;
    case 'throttled':
      return EXIT.tryAgain;
    case 'gone':
    case 'invalid':
      return EXIT.misconfigured;
    case 'unknown':
    case 'not-sent':
      return EXIT.unavailable;
  }
}
