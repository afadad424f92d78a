import { parseArgs } from 'node:util';

export type Profile = 'default' | 'fast';

export interface BenchOptions {
  readonly takeovers: number;
  readonly switchovers: number;
  readonly idleSeconds: number;
  readonly profiles: readonly Profile[];
}

export const USAGE = `npm run bench -- [options]     (as root: it makes network namespaces)

  --takeovers <n>           link cuts of the leader, a profile (10)
  --switchovers <n>         planned moves, a profile (10)
  --idle-seconds <n>        how long the healthy pair is watched, a profile (60)
  --profile <which>         default, fast or both (both)
  --quick                   3 takeovers, 3 switchovers, 20 idle seconds
`;

/** Throws an Error with a sentence for a wrong option. */
export function readOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      takeovers: { type: 'string' },
      switchovers: { type: 'string' },
      'idle-seconds': { type: 'string' },
      profile: { type: 'string', default: 'both' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const { quick } = values;
  return {
    takeovers: count('--takeovers', values.takeovers, quick ? 3 : 10),
    switchovers: count('--switchovers', values.switchovers, quick ? 3 : 10),
    idleSeconds: count('--idle-seconds', values['idle-seconds'], quick ? 20 : 60),
    profiles: profilesOf(values.profile),
  };
}

function count(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 10_000) {
    throw new Error(`${name} must be a whole number from 1 to 10000, not ${text}`);
  }
  return value;
}

function profilesOf(name: string): readonly Profile[] {
  if (name === 'both') return ['default', 'fast'];
  if (name === 'default' || name === 'fast') return [name];
  throw new Error(`--profile must be default, fast or both, not ${name}`);
}
