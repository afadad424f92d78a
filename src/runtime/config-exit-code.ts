import type { ConfigError } from '../config/config-error.ts';
import { EXIT, type ExitCode } from '../control/exit-codes.ts';

const EXIT_CODES: Readonly<Record<ConfigError['code'], ExitCode>> = {
  CONFIG_INVALID: EXIT.misconfigured,
  CONFIG_UNREADABLE: EXIT.misconfigured,
  CONFIG_DENIED: EXIT.noPermission,
  CONFIG_UNAVAILABLE: EXIT.unavailable,
};

/** What a program ends with that a configuration stopped. */
export const configExitCode = ({ code }: ConfigError): ExitCode => EXIT_CODES[code];
