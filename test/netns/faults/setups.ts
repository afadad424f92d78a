import type { ClusterOptions } from '../../support/netns/cluster.ts';

/** A configuration file as these tests change it. */
export interface ConfigDocument {
  key: Record<string, string>;
  previousKey?: Record<string, string>;
  nodes: Record<string, { address?: string; addresses?: string[]; instanceId?: string }>;
  timings?: Record<string, string>;
  groups: {
    web: {
      nodes: string[];
      kind?: string;
      failback?: unknown;
      standbyServices?: string;
      timings?: Record<string, string>;
      resources: Record<string, unknown>[];
    };
  };
}

export interface Setup {
  readonly options: Omit<ClusterOptions, 'endpoint' | 'gauge'>;
  /** The shortest in the cluster. */
  readonly deadtimeMs: number;
  readonly configure?: (
    document: ConfigDocument,
    node: { readonly name: string; readonly directory: string },
  ) => void;
}

const PATIENT_MS = 5_000;
const PATIENT = { warntime: '600ms', deadtime: `${PATIENT_MS}ms`, lease: '6s' };
const EXCLUSIVE_MS = 2_500;
const MANUAL = { failback: 'manual' } as const;

function leaveOutTheStranger(document: ConfigDocument): void {
  delete document.nodes.stranger;
  document.groups.web.nodes = ['main', 'aux'];
}

function makeExclusive(document: ConfigDocument): void {
  document.groups.web.kind = 'exclusive';
  document.groups.web.timings = {
    warntime: '300ms',
    deadtime: `${EXCLUSIVE_MS}ms`,
    lease: '3s',
    witnessTimeout: '400ms',
    stopTimeout: '1500ms',
  };
}

/** The shapes of cluster that the faults are done to. */
export const SETUPS = {
  /** Two nodes, the default timings, no failback by itself: what moves, moves because of the fault. */
  pair: { options: { group: MANUAL }, deadtimeMs: 1_000 },
  /**
   * On a busy machine the daemon takes up to three seconds to start from its sources, so what must be back within
   * deadtime gets one of 5 s.
   */
  patient: {
    options: { group: MANUAL },
    deadtimeMs: PATIENT_MS,
    configure: (document) => {
      document.timings = PATIENT;
    },
  },
  'two-paths': { options: { group: MANUAL, paths: 2 }, deadtimeMs: 1_000 },
  failback: { options: { group: { failback: { mode: 'auto', after: '1s' } } }, deadtimeMs: 1_000 },
  /** The defaults of an exclusive group are 7 s; these keep their relations. */
  exclusive: {
    options: { group: MANUAL },
    deadtimeMs: EXCLUSIVE_MS,
    configure: (document) => makeExclusive(document),
  },
  /** Aux is configured with half of the timings of main. */
  uneven: {
    options: { group: MANUAL },
    deadtimeMs: 500,
    configure: (document, node) => {
      if (node.name === 'aux')
        document.timings = { warntime: '300ms', deadtime: '500ms', witnessTimeout: '100ms', lease: '1s' };
    },
  },
  /** A node that waits for nobody for long, for reboots. */
  impatient: {
    options: { group: MANUAL },
    deadtimeMs: 1_000,
    configure: (document) => {
      document.timings = { initdead: '3s' };
    },
  },
  /** A third machine in the VPC that is none of the nodes. */
  stranger: {
    options: { group: MANUAL, nodes: ['main', 'aux', 'stranger'] },
    deadtimeMs: 1_000,
    configure: (document) => leaveOutTheStranger(document),
  },
  'stranger-patient': {
    options: { group: MANUAL, nodes: ['main', 'aux', 'stranger'] },
    deadtimeMs: PATIENT_MS,
    configure: (document) => {
      leaveOutTheStranger(document);
      document.timings = PATIENT;
    },
  },
  /** Exclusive, and beside nginx a program that ends only by SIGKILL. */
  stubborn: {
    options: { group: MANUAL },
    deadtimeMs: EXCLUSIVE_MS,
    configure: (document) => {
      makeExclusive(document);
      document.groups.web.resources.push({
        exec: {
          name: 'stubborn',
          run: ['/bin/sh', '-c', 'trap "" TERM INT QUIT; while :; do sleep 1; done'],
          stopTimeout: '1s',
        },
      });
    },
  },
  /** Beside nginx a resource whose monitor can be made to hang by a file. */
  'slow-monitor': {
    options: { group: MANUAL },
    deadtimeMs: 1_000,
    configure: (document, { directory }) => {
      document.groups.web.resources.push({
        exec: {
          name: 'slow',
          start: ['/bin/true'],
          stop: ['/bin/true'],
          monitor: ['/bin/sh', '-c', `test -e ${directory}/hang && exec sleep 60; exit 0`],
          monitorTimeout: '1s',
        },
      });
    },
  },
} as const satisfies Record<string, Setup>;

export type SetupName = keyof typeof SETUPS;
