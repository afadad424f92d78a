import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AwsClients } from '../../src/cloud/aws-clients.ts';
import type { Incarnation, Term, TermRecord } from '../../src/core/types.ts';
import { RequestMailbox } from '../../src/witness/request-mailbox.ts';
import { SsmWitness } from '../../src/witness/ssm-witness.ts';
import type { WitnessBounds } from '../../src/witness/witness.ts';
import { useLocalStack } from '../support/localstack.ts';

const bounds = (): WitnessBounds => ({ signal: new AbortController().signal, deadlineMs: 15_000 });
const t = (term: number) => term as Term;

function recordOf(term: number, owner: string, group = 'web'): TermRecord {
  return {
    group,
    term: t(term),
    owner,
    incarnation: randomBytes(8).toString('hex') as Incarnation,
    leases: { aux: 3000 },
    members: ['main', 'aux'],
    reason: 'defence',
  };
}

describe('the witness on LocalStack', () => {
  const localStack = useLocalStack();
  const opened: { close(): void }[] = [];
  let prefix = '';
  let main: SsmWitness;
  let aux: SsmWitness;

  const options = () => {
    const clients = new AwsClients({
      region: 'eu-central-1',
      version: '0',
      environment: { AWS_ENDPOINT_URL: localStack.endpoint },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    opened.push(clients);
    return { clients, prefix };
  };
  const witness = () => {
    const made = new SsmWitness(options());
    opened.unshift(made);
    return made;
  };

  beforeEach((context) => {
    localStack.skipIfMissing(context);
    prefix = `/eipkeeper-${randomBytes(4).toString('hex')}`;
    main = witness();
    aux = witness();
  });
  afterEach(() => {
    for (const one of opened.splice(0)) one.close();
  });

  it('lets one of two nodes create a term, and tells both who won', async () => {
    const records = [recordOf(1, 'main'), recordOf(1, 'aux')] as const;
    expect(await main.createTerm(records[0], bounds())).toEqual({ type: 'term-created' });
    expect(await aux.createTerm(records[1], bounds())).toEqual({ type: 'term-exists' });
    const read = await aux.readTerm('web', t(1), bounds());
    expect(read).toEqual({ type: 'term-record', record: records[0] });
    expect(await main.readNewest('web', t(0), bounds())).toMatchObject({
      type: 'newest-term',
      record: records[0],
    });
  });

  it('follows a group through many terms and the deletion of the old ones', async () => {
    const records = Array.from({ length: 25 }, (_, index) => recordOf(index + 1, 'main'));
    for (const record of records) expect((await main.createTerm(record, bounds())).type).toBe('term-created');
    const newest = { type: 'newest-term', record: records[24] };
    expect(await aux.readNewest('web', t(0), bounds())).toMatchObject(newest);
    expect(await aux.readNewest('web', t(2), bounds())).toMatchObject(newest);
    expect((await main.deleteTerms('web', t(12), bounds())).type).toBe('term-record');
    expect(await aux.readTerm('web', t(12), bounds())).toEqual({ type: 'term-record', record: null });
    expect((await aux.readTerm('web', t(13), bounds())).type).toBe('term-record');
    expect(await aux.readNewest('web', t(2), bounds())).toMatchObject(newest);
  });

  it('reads several groups together', async () => {
    const groups = ['web', 'mail', 'files', 'proxy'];
    for (const group of groups) await main.createTerm(recordOf(1, 'aux', group), bounds());
    const results = await Promise.all(groups.map((group) => aux.readNewest(group, t(1), bounds())));
    expect(results.map((result) => result.type === 'newest-term' && result.record?.group)).toEqual(groups);
  });

  it('carries a request from afar to a node, judged by its own clock, and the verdict back', async () => {
    const mailbox = new RequestMailbox(options());
    const { signal } = new AbortController();
    await main.createTerm({ ...recordOf(1, 'main'), takeovers: [0], carriedOut: ['a'] }, bounds());
    const wish = { group: 'web', target: 'aux', kind: 'force', by: 'somebody', lifeMs: 60_000 } as const;
    const posted = await mailbox.write(wish, signal);
    const { id } = posted;
    const read = await aux.readNewest('web', t(1), bounds());
    expect(read).toMatchObject({ request: { status: 'pending', request: { id, target: 'aux' } } });
    if (read.type !== 'newest-term' || read.request?.status !== 'pending') throw new Error('not read');
    expect(read.request.request.leftMs).toBeGreaterThan(0);
    expect(read.request.request.leftMs).toBeLessThan(60_000);
    expect(read.ageMs).toBeGreaterThanOrEqual(0);
    expect(read.ageMs).toBeLessThan(60_000);
    expect(await aux.closeRequest(id, { status: 'done', reason: '', by: 'aux' }, bounds())).toEqual({
      type: 'request-closed',
    });
    expect(await mailbox.watch(posted, signal)).toEqual({ status: 'done' });
    expect(await main.readNewest('web', t(1), bounds())).toMatchObject({ request: { status: 'none' } });
    expect(await mailbox.withdraw(id, signal)).toEqual({ status: 'done' });
    const other = await mailbox.write(wish, signal);
    expect(await mailbox.withdraw(other.id, signal)).toEqual({ status: 'withdrawn' });
    expect(await mailbox.watch(other, signal)).toEqual({ status: 'replaced' });
  });
});
