import type { FaultWorld } from './fault-world.ts';
import type { SetupName } from './setups.ts';

export type Category = 'process' | 'network' | 'witness' | 'ec2' | 'resources' | 'security' | 'models';

/** What everybody outside must see. The rest is checked by the script itself. */
export interface Expectation {
  /** Whose nginx answers behind the address at the end. */
  readonly serves: 'main' | 'aux' | 'either';
  /** How often the address moved, from `begin` to the end: exactly so often, or from so many to so many. */
  readonly moves: number | readonly [least: number, most: number];
  /** 'none': not one request may fail. */
  readonly lost: 'none' | 'some';
  /** Longer without an answer is a failure. Generous: these runs judge outcomes, the bench measures speed. */
  readonly gapMsMost: number;
}

/** One line of the fault catalogue, as something that can be done to a cluster. */
export interface Fault {
  /** Of the catalogue; a letter behind it where one line is several faults. */
  readonly number: string;
  /** The catalogue's words. */
  readonly name: string;
  readonly category: Category;
  readonly setup: SetupName;
  /** Begins with two healthy nodes and main leading. Throws when something besides the expectation is wrong. */
  readonly script: (world: FaultWorld) => Promise<void>;
  readonly expected: Expectation;
  /** Leaves both daemons as it found them, so that the next fault may use the same cluster. */
  readonly leavesNoTrace?: boolean;
  /** Next to it no other cluster may run. */
  readonly wantsMachine?: boolean;
  /** Another main file than that of the daemon that is tested: of a mutant, or of one that can be disturbed. */
  readonly program?: string;
  /** What is shorter, smaller or otherwise other than the catalogue says, and why that is enough. */
  readonly remark?: string;
}

/** What one run of a fault came to. */
export interface FaultRun {
  readonly lost: number;
  readonly longestGapMs: number;
  readonly moves: number;
  /** What the script counted on the way ("false alarms": 3). */
  readonly counted: Readonly<Record<string, number>>;
  /** How often it was begun again because the machine had starved: its outcome said nothing about the program. */
  readonly repeated: number;
  /** In sentences; empty when everything was as expected. */
  readonly violations: readonly string[];
}

export function describeExpectation({ serves, moves, lost, gapMsMost }: Expectation): string {
  const [least, most] = typeof moves === 'number' ? [moves, moves] : moves;
  const count = least === most ? `${least}` : least === 0 ? `at most ${most}` : `${least} to ${most}`;
  const requests = lost === 'none' ? 'no request lost' : `back within ${gapMsMost / 1000} s`;
  const who = serves === 'either' ? 'one node' : serves;
  return `${who} serves, ${count} ${least === most && most === 1 ? 'move' : 'moves'}, ${requests}`;
}
