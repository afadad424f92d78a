import { parameterName } from '../config/schema.ts';
import { EXIT } from '../control/exit-codes.ts';
import { CliError } from './cli-error.ts';

/** Before it is asked for, or written into a script that would find out. Throws CliError. */
export function requireParameterName(option: string, name: string): void {
  const issue = parameterName.safeParse(name).error?.issues[0];
  if (issue !== undefined) throw new CliError(`${option} ${name}: ${issue.message}`, EXIT.usage);
}
