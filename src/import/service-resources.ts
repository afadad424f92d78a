import { quoted } from './ha-cf.ts';
import type { WrittenResource } from './haresources.ts';
import type { Remark } from './remark.ts';
import { KNOWN_SCRIPTS, MUST_NEVER_RUN_TWICE } from './resource-scripts.ts';
import type { FoundScript } from './script-text.ts';

/** One entry of `resources`: its word and its settings. */
export interface ImportedResource {
  readonly type: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** null: added for want of one in the file. */
  readonly written: WrittenResource | null;
}

export interface ServiceOutcome {
  /** null: left out. */
  readonly resource: ImportedResource | null;
  readonly remarks: readonly Remark[];
}

/** What is known of this machine's scripts and units. */
export interface ScriptFinder {
  readonly scriptNamed: (name: string) => FoundScript | null;
  readonly hasUnit: (name: string) => boolean;
}

/** What becomes of a resource that is a service. */
export function serviceOf(written: WrittenResource, finder: ScriptFinder): ServiceOutcome {
  const { script, args } = written;
  const known = Object.hasOwn(KNOWN_SCRIPTS, script) ? KNOWN_SCRIPTS[script] : undefined;
  if (known?.kind === 'left-out')
    return { resource: null, remarks: [remark('left-out', written, known.reason)] };
  if (known?.kind === 'ocf') return ocfOf(written, known.parameters, known.exclusive);
  if ((script === 'nginx' || script === 'haproxy') && args.length === 0) {
    const text = `is the resource ${script}, which tests the configuration and ends requests gently: set config, binary and health if they are not the usual ones`;
    return { resource: { type: script, settings: {}, written }, remarks: [remark('changed', written, text)] };
  }
  const found = finder.scriptNamed(script);
  if (args.length > 0 || found?.folder === 'resource.d') return commandsOf(written, found);
  return initScriptOf(written, found, finder);
}

function initScriptOf(
  written: WrittenResource,
  found: FoundScript | null,
  finder: ScriptFinder,
): ServiceOutcome {
  const { script } = written;
  if (found === null && finder.hasUnit(`${script}.service`)) {
    const text = 'has no init script here but a unit of systemd, which is taken';
    const settings = { unit: `${script}.service` };
    return { resource: { type: 'systemd', settings, written }, remarks: [remark('changed', written, text)] };
  }
  const text =
    'has neither script nor unit on this machine, so it is taken for an init script: on the nodes it must be in /etc/init.d and have a status, or write "systemd: { unit: … }"';
  const remarks = found === null ? [remark('check', written, text)] : [];
  return { resource: { type: 'lsb', settings: { script }, written }, remarks };
}

function ocfOf(written: WrittenResource, names: readonly string[], exclusive: boolean): ServiceOutcome {
  const { script, args } = written;
  if (args.length > names.length) {
    const text = `has more arguments than the agent ocf:heartbeat:${script} takes from haresources (${names.join(', ')}): write it by hand`;
    return { resource: null, remarks: [remark('left-out', written, text)] };
  }
  const values = script === 'ldirectord' ? args.map(inHaD) : args;
  const parameters = Object.fromEntries(values.map((value, index) => [names[index] ?? '', value]));
  const settings = {
    agent: `ocf:heartbeat:${script}`,
    ...(values.length > 0 ? { parameters } : {}),
    ...(exclusive ? {} : { exclusive: false }),
  };
  const text = `is the OCF agent that Heartbeat's script called, from the package resource-agents${exclusive ? '; it must never run twice, so its group is exclusive' : ''}`;
  return { resource: { type: 'ocf', settings, written }, remarks: [remark('changed', written, text)] };
}

/** ldirectord looks for its file in /etc/ha.d; the agent wants a path. */
const inHaD = (path: string): string => (path.startsWith('/') ? path : `/etc/ha.d/${path}`);

/**
 * A script with arguments, or one made for Heartbeat: its status is a text, "running" or "OK", and no exit code.
 */
function commandsOf(written: WrittenResource, found: FoundScript | null): ServiceOutcome {
  const { script, args } = written;
  const path = `/etc/${found?.folder === 'init.d' ? 'init.d' : 'ha.d/resource.d'}/${script}`;
  const command = [path, ...args];
  const exclusive = MUST_NEVER_RUN_TWICE.includes(script);
  const settings = {
    name: script.replace(/^[^A-Za-z0-9]+/, '').replace(/[^\w.-]/g, '-'),
    start: [...command, 'start'],
    stop: [...command, 'stop'],
    monitor: ['/bin/sh', '-c', READ_STATUS, ...command, 'status'],
    ...(exclusive ? { exclusive } : {}),
  };
  const kept = `keep ${path} when Heartbeat is removed`;
  const remarks = [
    remark('changed', written, `is run by its commands, its status read as Heartbeat read it; ${kept}`),
  ];
  if (found === null)
    remarks.push(remark('check', written, `is not on this machine: is it ${path} on the nodes?`));
  if (!exclusive)
    remarks.push(
      remark('check', written, 'may run on two nodes for a moment; if that does harm, add "exclusive: true"'),
    );
  return { resource: { type: 'exec', settings, written }, remarks };
}

/** The shell's first parameter is the script: "$0" with "$@" is the whole command. */
const READ_STATUS =
  'case $("$0" "$@" 2>/dev/null) in *[Nn][Oo][Tt]\\ *[Rr]unning*) exit 7;; *[Rr]unning*|*OK*) exit 0;; esac; exit 7';

const remark = (kind: Remark['kind'], { place, text }: WrittenResource, what: string): Remark => ({
  kind,
  place,
  text: `${quoted(text)} ${kind === 'left-out' ? `is not carried over: ${what}` : what}`,
});
