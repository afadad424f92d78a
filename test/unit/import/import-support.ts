import { parse } from 'yaml';
import { parseConfiguration } from '../../../src/config/load.ts';
import type { AddressAnswer } from '../../../src/import/address-resources.ts';
import type { EipOption } from '../../../src/import/eip-options.ts';
import { formatPlace, ImportError } from '../../../src/import/import-error.ts';
import { importHeartbeat } from '../../../src/import/import-heartbeat.ts';
import type { MachineView } from '../../../src/import/node-addresses.ts';
import type { FoundScript } from '../../../src/import/script-text.ts';
import { text } from './parse-support.ts';

export const HA_CF = `keepalive 2
deadtime 30
warntime 10
initdead 120
udpport 694
ucast eth0 10.0.0.11
ucast eth0 10.0.1.12
auto_failback on
node main aux
`;
export const HARESOURCES = 'main 203.0.113.10 nginx\n';

export interface Setup {
  readonly haCf?: string;
  /** The files of further nodes, by the node. */
  readonly others?: Readonly<Record<string, string>>;
  readonly owner?: string;
  readonly haresources?: string | null;
  readonly authkeys?: string | null;
  readonly peers?: Readonly<Record<string, readonly string[]>>;
  readonly eips?: readonly EipOption[];
  readonly scripts?: Readonly<Record<string, FoundScript>>;
  readonly units?: readonly string[];
  readonly machine?: Partial<MachineView>;
  readonly answers?: Readonly<Record<string, AddressAnswer>>;
  readonly cluster?: string;
}

export interface Result {
  readonly text: string;
  /** The configuration as YAML has it. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any part of it.
  readonly file: any;
  /** "changed haresources:1 …" */
  readonly remarks: readonly string[];
}

export async function imported(setup: Setup = {}): Promise<Result> {
  const { haresources = HARESOURCES, authkeys = 'auth 1\n1 sha1 s3cret\n', others = {} } = setup;
  const files = (haCf: string, owner: string | null) => {
    const label = owner === null ? '' : `${owner}/`;
    return {
      ownerHints: owner === null ? [] : [owner],
      haCf: text(haCf, `${label}ha.cf`),
      haresources: haresources === null ? null : text(haresources, `${label}haresources`),
      authkeys: authkeys === null ? null : text(authkeys, `${label}authkeys`),
    };
  };
  const result = await importHeartbeat({
    sources: [
      files(setup.haCf ?? HA_CF, setup.owner ?? null),
      ...Object.entries(others).map(([owner, haCf]) => files(haCf, owner)),
    ],
    peers: new Map(Object.entries(setup.peers ?? {})),
    eips: setup.eips ?? [],
    cluster: setup.cluster ?? null,
    key: '/etc/eipkeeper/key',
    machine: { hostname: 'elsewhere', addresses: {}, hosts: new Map(), ...setup.machine },
    finder: {
      scriptNamed: (name) => setup.scripts?.[name] ?? null,
      hasUnit: (name) => (setup.units ?? []).includes(name),
    },
    ask: async () => new Map(Object.entries(setup.answers ?? {})),
    header: 'Made by a test.',
  });
  parseConfiguration(Buffer.from(result.text), 'imported.yaml');
  return {
    text: result.text,
    file: parse(result.text),
    remarks: result.remarks.map(
      ({ kind, place, text: what }) => `${kind} ${place === null ? '' : `${formatPlace(place)} `}${what}`,
    ),
  };
}

/** The lines of the refusal; fails when it is imported. */
export async function refused(setup: Setup): Promise<readonly string[]> {
  try {
    await imported(setup);
  } catch (error) {
    if (error instanceof ImportError) return error.message.split('\n');
    throw error;
  }
  throw new Error('it was imported');
}
