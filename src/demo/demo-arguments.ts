import { parseArgs } from 'node:util';
import { PROFILE_NAMES, type ProfileName } from './cluster/node-configuration.ts';

export interface DemoArguments {
  readonly script: boolean;
  readonly help: boolean;
  readonly profile: ProfileName;
  /** The longest time without an answer that the script takes for good. */
  readonly gapMaxMs: number;
}

const GAP_MAX_MS = 4_000;

export const USAGE = `usage: npm run demo -- [--script] [--profile NAME] [--max-gap MS]

Two eipkeeper daemons keep an Elastic IP on this machine alone: AWS is emulated, heartbeats are real UDP on
loopback, the service is a small web server, and a client asks for it all the time.

  --script        play the whole story unattended; exit code 0 only when all was as it should be
  --profile NAME  default (1 s of silence is death), fast (500 ms) or turbo (400 ms)
  --max-gap MS    the longest time without an answer that the script accepts (default ${GAP_MAX_MS})
  --help          this text
`;

/** Throws Error with a sentence for whoever typed it. */
export function demoArguments(words: readonly string[]): DemoArguments {
  const { values } = parseArgs({
    args: [...words],
    options: {
      script: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      profile: { type: 'string', default: 'default' },
      'max-gap': { type: 'string', default: String(GAP_MAX_MS) },
    },
  });
  const profile = PROFILE_NAMES.find((name) => name === values.profile);
  if (profile === undefined) {
    throw new Error(`there is no profile ${values.profile}: it is one of ${PROFILE_NAMES.join(', ')}`);
  }
  const gapMaxMs = Number(values['max-gap']);
  if (!/^\d+$/.test(values['max-gap']) || gapMaxMs === 0) {
    throw new Error(`--max-gap takes milliseconds, like 4000, not ${values['max-gap']}`);
  }
  return { script: values.script, help: values.help, profile, gapMaxMs };
}
