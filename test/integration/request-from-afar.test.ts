import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AwsClients } from '../../src/cloud/aws-clients.ts';
import { statusSnapshotSchema } from '../../src/control/status-snapshot.ts';
import type { MoveRequest } from '../../src/core/message.ts';
import { RequestMailbox } from '../../src/witness/request-mailbox.ts';
import { type Name, OPERATOR_KEYS, Pair } from './support/pair.ts';

const WAIT = { timeout: 60_000, interval: 50 };
/** A leader looks at the witness every ten seconds. */
const LONG_MS = 120_000;

/** Real daemons, and an operator who reaches no node, only the emulated SSM. */
describe('a request from afar', () => {
  let pair: Pair;
  let clients: AwsClients;
  let mailbox: RequestMailbox;
  const { signal } = new AbortController();

  beforeEach(async () => {
    pair = new Pair();
    await pair.start({ resources: [] });
    clients = new AwsClients({
      region: pair.aws.region,
      version: '0',
      environment: { AWS_ENDPOINT_URL: pair.aws.endpoint },
      credentials: OPERATOR_KEYS,
    });
    mailbox = new RequestMailbox({ clients, prefix: pair.prefix });
    for (const name of ['main', 'aux'] as const) pair.startDaemon(name);
    await expect.poll(() => pair.holder(), WAIT).not.toBe('');
  });
  afterEach(async () => {
    clients.close();
    await pair.close();
  });

  const other = (): Name => (pair.holder() === 'main' ? 'aux' : 'main');
  const said = (name: Name) => pair.node(name).lines.join('\n');
  const ask = (kind: MoveRequest['kind'], target: Name) =>
    mailbox.write({ group: 'web', target, kind, by: 'a test', lifeMs: 60_000 }, signal);

  it(
    'for a switchover is found by the leader, carried out once, and answered',
    async () => {
      const target = other();
      const posted = await ask('switchover', target);
      expect(await mailbox.watch(posted, signal)).toEqual({ status: 'done' });
      expect(pair.holder()).toBe(target);
      expect(said(target)).toMatch(/handed over, asked by a test/);
      const { output } = await pair.command(target, 'status', '--output', 'json');
      const [group] = statusSnapshotSchema.parse(JSON.parse(output)).groups;
      expect(group).toMatchObject({ leader: target, request: null, lastChange: { by: 'a test' } });
    },
    LONG_MS,
  );

  it(
    'for a forced failover is carried out by its target, which hears of it from the leader',
    async () => {
      const target = other();
      const posted = await ask('force', target);
      expect(await mailbox.watch(posted, signal)).toEqual({ status: 'done' });
      expect(pair.holder()).toBe(target);
      expect(said(target)).toMatch(/forced, asked by a test/);
    },
    LONG_MS,
  );

  it(
    'to a node that is down is refused with the reason, and nothing changes',
    async () => {
      const target = other();
      const leader = pair.holder();
      await pair.end(target, 'SIGKILL');
      await expect.poll(() => said(leader as Name), WAIT).toMatch(/taken for dead/);
      const outcome = await mailbox.watch(await ask('switchover', target), signal);
      expect(outcome).toMatchObject({ status: 'refused', by: leader });
      expect(pair.holder()).toBe(leader);
    },
    LONG_MS,
  );
});
