import { afterEach, describe, expect, it } from 'vitest';
import { Imds } from '../../src/cloud/imds.ts';
import { NOTICE_PATHS, type NoticeSource, readNotice } from '../../src/cloud/instance-notices.ts';
import { AwsEmulator } from '../../src/demo/emulator/aws-emulator.ts';
import { clusterTest, UNHURRIED, until } from '../support/loopback-cluster.ts';
import { findMetadataMock, startMetadataMock } from '../support/metadata-mock.ts';

const POLICY = { rebalance: true, maintenanceLeadMs: 600_000 };
const never = new AbortController().signal;
const inTwoMinutes = () => `${new Date(Date.now() + 120_000).toISOString().slice(0, 19)}Z`;
const asEvents = (iso: string) => new Date(iso).toUTCString().replace(/^\w+, /, '');

interface Scene {
  readonly what: string;
  /** Arguments for AWS's mock. */
  readonly mock: readonly string[];
  /** What the project's own emulator is told. */
  readonly notices: () => Readonly<Record<string, unknown>>;
  readonly grades: Readonly<Record<NoticeSource, string>>;
}

const NONE = { spot: 'none', rebalance: 'none', maintenance: 'none', lifecycle: 'none' } as const;
const event = (State: string, NotBefore: string) => ({
  Code: 'instance-stop',
  Description: 'The instance is scheduled for instance-stop',
  State,
  EventId: 'instance-event-1234567890abcdef0',
  NotBefore: asEvents(NotBefore),
  NotAfter: asEvents('2031-01-01T00:00:00Z'),
  NotBeforeDeadline: asEvents('2031-01-03T00:00:00Z'),
});
const maintenance = (State: string, NotBefore: string): Pick<Scene, 'mock' | 'notices'> => ({
  mock: ['events', '--code', 'instance-stop', '--state', State, '--not-before', NotBefore],
  notices: () => ({ [NOTICE_PATHS.maintenance]: [event(State, NotBefore)] }),
});

const SCENES: readonly Scene[] = [
  {
    what: 'a spot interruption, with the recommendation that goes with it',
    mock: ['spot', '--action', 'terminate'],
    notices: () => ({
      [NOTICE_PATHS.spot]: { action: 'terminate', time: inTwoMinutes() },
      [NOTICE_PATHS.rebalance]: { noticeTime: inTwoMinutes() },
    }),
    grades: { ...NONE, spot: 'imminent', rebalance: 'advised' },
  },
  {
    what: 'a spot instance that is to be stopped',
    mock: ['spot', '--action', 'stop'],
    notices: () => ({
      [NOTICE_PATHS.spot]: { action: 'stop', time: inTwoMinutes() },
      [NOTICE_PATHS.rebalance]: { noticeTime: inTwoMinutes() },
    }),
    grades: { ...NONE, spot: 'imminent', rebalance: 'advised' },
  },
  {
    what: 'maintenance that may begin',
    ...maintenance('active', '2026-01-01T00:00:00Z'),
    grades: { ...NONE, maintenance: 'imminent' },
  },
  { what: 'maintenance years ahead', ...maintenance('active', '2030-01-01T00:00:00Z'), grades: NONE },
  {
    what: 'maintenance that was called off',
    ...maintenance('canceled', '2026-01-01T00:00:00Z'),
    grades: NONE,
  },
  {
    what: 'a scale-in',
    mock: ['asglifecycle'],
    notices: () => ({ [NOTICE_PATHS.lifecycle]: 'Terminated' }),
    grades: { ...NONE, lifecycle: 'imminent' },
  },
  {
    what: 'an instance in service',
    mock: ['asglifecycle', '--asg-termination-delay-sec', '3600'],
    notices: () => ({ [NOTICE_PATHS.lifecycle]: 'InService' }),
    grades: NONE,
  },
];

async function gradesAt(endpoint: string): Promise<Record<string, string>> {
  const imds = new Imds({ environment: { AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint }, retryForMs: 0 });
  try {
    const found: Record<string, string> = {};
    for (const [source, path] of Object.entries(NOTICE_PATHS)) {
      const body = await imds.read(path, never);
      found[source] = readNotice(source as NoticeSource, body, Date.now(), POLICY).grade;
    }
    return found;
  } finally {
    await imds.close();
  }
}

describe("the project's own metadata service", () => {
  const aws = new AwsEmulator({ nodes: [{ name: 'main', privateIp: '127.0.0.11' }] });
  afterEach(() => aws.close());

  it.each(SCENES)('announces $what', async ({ notices, grades }) => {
    await aws.start();
    for (const [path, value] of Object.entries(notices())) {
      aws.metadataOf('main').setNotice(path as (typeof NOTICE_PATHS)[NoticeSource], value);
    }
    expect(await gradesAt(aws.metadataEndpoint('main'))).toEqual(grades);
    for (const path of Object.keys(notices())) {
      aws.metadataOf('main').setNotice(path as (typeof NOTICE_PATHS)[NoticeSource], null);
    }
  });
});

const mock = await findMetadataMock();

// Where it is not, the same answers come from the project's own service, which was made after it.
describe(`the metadata mock of AWS${mock.reason === '' ? '' : ` (skipped: ${mock.reason})`}`, () => {
  it.skipIf(mock.program === '').each(SCENES)('announces $what', async ({ mock: args, grades }) => {
    const service = await startMetadataMock(mock.program, args);
    try {
      expect(await gradesAt(service.endpoint)).toEqual(grades);
    } finally {
      await service.close();
    }
  });
});

describe('two daemons', { timeout: UNHURRIED.testTimeout }, () => {
  const test = clusterTest;

  test('hand over within seconds when EC2 announces that it takes the leader, and count it in again when it stays', async ({
    cluster,
    main,
    aux,
  }) => {
    await cluster.startServing();
    const leader = main;
    const moves = cluster.moves();
    const metadata = cluster.aws.metadataOf('main');
    metadata.setNotice('spot/instance-action', { action: 'terminate', time: inTwoMinutes() });
    await leader.says(/EC2 takes this spot instance at \d\d:\d\d:\d\dZ; main hands over/);
    await cluster.serves('aux');
    expect(cluster.moves()).toBe(moves + 1);
    expect(aux.log).toMatch(/address \S+ is on aux \(switchover/);
    expect((await main.command('status')).output).toContain('EC2 takes this spot instance at');
    metadata.setNotice('spot/instance-action', null);
    await main.says('main stays after all');
    // The way back is damped: that it may lead again is enough.
    await until('main is as good as any', async () => {
      const [group] = (await aux.status()).groups;
      return group?.candidates.find(({ node }) => node === 'main')?.eligible === true;
    });
  });

  test('take a metadata service that is gone for no event', async ({ cluster, main }) => {
    await cluster.startServing();
    const moves = cluster.moves();
    cluster.aws.metadataOf('main').setMode('unavailable');
    cluster.aws.metadataOf('aux').setMode('hang');
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect(cluster.moves()).toBe(moves);
    expect((await main.status()).groups[0]).toMatchObject({ leader: 'main', role: 'leading' });
  });
});
