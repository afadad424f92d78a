import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describeOutcome, oneLine, runProcess } from './process-runner.ts';
import { ifNotThere } from './process-table.ts';
import type { CallLimits } from './resource-adapter.ts';

/** What must be known of a configuration to recognise and start its nginx. */
export interface NginxSettings {
  readonly pidFile: string;
  /** `daemon off;`: the program would stay in the foreground, so only a unit can run it. */
  readonly foreground: boolean;
}

export type ConfigTest =
  | { readonly ok: true; readonly settings: NginxSettings }
  | { readonly ok: false; readonly reason: string };

const DUMP_BYTES = 256 * 1024;

/** `nginx -T`: the same test as `-t`, and it prints what it read, included files too. */
export async function testNginxConfig(
  binary: string,
  config: string,
  limits: CallLimits,
): Promise<ConfigTest> {
  const command = [binary, '-T', '-q', '-c', config];
  const options = { ...limits, killGraceMs: 100, maxOutputBytes: DUMP_BYTES, keep: 'head' as const };
  const outcome = await runProcess(command, options);
  if (outcome.kind === 'exited' && outcome.code === 0) {
    return { ok: true, settings: await settingsOf(outcome.output, binary, limits) };
  }
  // The operator repeats the test with the command that every nginx manual names.
  const shown = [binary, '-t', '-c', config];
  if (outcome.kind !== 'exited') return { ok: false, reason: describeOutcome(shown, outcome) };
  return { ok: false, reason: `"${shown.join(' ')}" failed: ${oneLine(outcome.output)}` };
}

/** The same from the main file alone, for when the configuration has become broken while its nginx runs. */
export async function readNginxSettings(
  binary: string,
  config: string,
  limits: CallLimits,
): Promise<NginxSettings> {
  return settingsOf(await readFile(config, 'utf8').catch(ifNotThere('')), binary, limits);
}

async function settingsOf(text: string, binary: string, limits: CallLimits): Promise<NginxSettings> {
  const foreground = directive(text, 'daemon') === 'off';
  const written = directive(text, 'pid');
  if (written?.startsWith('/')) return { pidFile: written, foreground };
  const built = await runProcess([binary, '-V'], { ...limits, killGraceMs: 100 });
  const output = 'output' in built ? built.output : '';
  const option = (name: string) => new RegExp(`--${name}=(\\S+)`).exec(output)?.[1];
  const prefix = option('prefix') ?? '/usr/share/nginx';
  return { pidFile: resolve(prefix, written ?? option('pid-path') ?? '/run/nginx.pid'), foreground };
}

function directive(text: string, name: string): string | undefined {
  return new RegExp(`^\\s*${name}\\s+([^;#\\s]+)\\s*;`, 'm').exec(text)?.[1];
}
