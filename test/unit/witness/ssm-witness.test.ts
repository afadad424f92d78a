import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GroupName, Incarnation, Term, TermRecord } from '../../../src/core/types.ts';
import { SsmWitness } from '../../../src/witness/ssm-witness.ts';
import { encodeTermRecord } from '../../../src/witness/term-record.ts';
import { bounds } from '../cloud/fake-ec2.ts';
import { until } from '../cloud/fake-service.ts';
import { type FakeSsm, startFakeSsm } from './fake-ssm.ts';

let ssm: FakeSsm;
let witness: SsmWitness;

beforeEach(async () => {
  ssm = await startFakeSsm();
  witness = new SsmWitness({ clients: ssm.clients, prefix: '/ek' });
});
afterEach(async () => {
  vi.useRealTimers();
  witness.close();
  await ssm.close();
});

const t = (term: number) => term as Term;
const recordOf = (term: number, group: GroupName = 'web', owner = 'main'): TermRecord => ({
  group,
  term: t(term),
  owner,
  incarnation: '0123456789abcdef' as Incarnation,
  leases: { aux: 3000 },
  members: ['main', 'aux'],
  reason: 'takeover',
});
const store = (from: number, to: number, group: GroupName = 'web') => {
  for (let term = from; term <= to; term += 1) {
    ssm.values.set(`/ek/${group}/term/${term}`, encodeTermRecord(recordOf(term, group)));
  }
};
const actions = () => ssm.calls.map(({ action }) => action);

describe('creating a term', () => {
  it('never overwrites, and says so to the service', async () => {
    expect(await witness.createTerm(recordOf(7), bounds())).toEqual({ type: 'term-created' });
    expect(ssm.calls[0]).toMatchObject({
      action: 'PutParameter',
      input: { Name: '/ek/web/term/7', Overwrite: false, Type: 'String', Tier: 'Standard' },
    });
    expect(await witness.createTerm(recordOf(7, 'web', 'aux'), bounds())).toEqual({ type: 'term-exists' });
    expect(ssm.values.get('/ek/web/term/7')).toBe(encodeTermRecord(recordOf(7)));
  });

  it.each([
    ['TooManyUpdates', 'throttled'],
    ['ThrottlingException', 'throttled'],
    ['AccessDeniedException', 'denied'],
    ['ParameterLimitExceeded', 'invalid'],
    ['InternalServerError', 'unknown'],
  ])('that is refused with %s has failed: %s', async (code, failure) => {
    ssm.refuse = () => code;
    expect(await witness.createTerm(recordOf(7), bounds())).toMatchObject({ type: 'failed', failure });
    expect(ssm.calls).toHaveLength(1);
  });

  it('without an answer is unknown', async () => {
    ssm.service.respond = () => undefined;
    expect(await witness.createTerm(recordOf(7), bounds(40))).toMatchObject({
      type: 'failed',
      failure: 'unknown',
    });
  });

  it('whose record is too long is refused before anything is sent', async () => {
    const long = { ...recordOf(7), members: Array.from({ length: 400 }, (_, i) => `node-number-${i}`) };
    expect(await witness.createTerm(long, bounds())).toMatchObject({ type: 'failed', failure: 'invalid' });
    expect(ssm.calls).toHaveLength(0);
  });
});

describe('reading a term', () => {
  it('brings its record, or null when there is none', async () => {
    store(7, 7);
    expect(await witness.readTerm('web', t(7), bounds())).toEqual({
      type: 'term-record',
      record: recordOf(7),
    });
    expect(await witness.readTerm('web', t(8), bounds())).toEqual({ type: 'term-record', record: null });
  });

  it('fails with the name of a parameter that is not a record', async () => {
    ssm.values.set('/ek/web/term/7', 'something else');
    const result = await witness.readTerm('web', t(7), bounds());
    expect(result).toMatchObject({ type: 'failed', failure: 'invalid' });
    expect(result.type === 'failed' && result.reason).toContain('/ek/web/term/7 is not a record');
  });

  it('that is throttled is not "not found"', async () => {
    ssm.refuse = () => 'ThrottlingException';
    expect(await witness.readTerm('web', t(7), bounds())).toMatchObject({
      type: 'failed',
      failure: 'throttled',
    });
  });
});

describe('reading the newest term', () => {
  it('takes one request when nothing is newer, and when up to three are', async () => {
    for (const newest of [40, 41, 43]) {
      store(30, newest);
      ssm.calls.length = 0;
      const result = await witness.readNewest('web', t(40), bounds());
      expect(result).toMatchObject({ type: 'newest-term', record: recordOf(newest) });
      expect(actions()).toEqual(['GetParameters']);
    }
  });

  it('finds a term that is far above the known one', async () => {
    store(900, 1234);
    ssm.values.set('/ek/web/newest', '1230');
    const result = await witness.readNewest('web', t(3), bounds());
    expect(result).toMatchObject({ type: 'newest-term', record: recordOf(1234) });
    expect(actions()).toEqual(['GetParameters', 'GetParameters', 'GetParameters']);
  });

  it('lists when there is no hint and the known term is deleted', async () => {
    store(900, 925);
    const result = await witness.readNewest('web', t(3), bounds());
    expect(result).toMatchObject({ type: 'newest-term', record: recordOf(925) });
    expect(actions().filter((action) => action === 'GetParametersByPath')).toHaveLength(3);
  });

  it('finds none in an empty witness', async () => {
    expect(await witness.readNewest('web', t(0), bounds())).toMatchObject({
      type: 'newest-term',
      record: null,
    });
  });

  it('shares one request between three groups', async () => {
    for (const group of ['a', 'b', 'c']) store(5, 9, group);
    const results = await Promise.all(
      ['a', 'b', 'c'].map((group) => witness.readNewest(group, t(9), bounds())),
    );
    expect(results).toMatchObject(
      ['a', 'b', 'c'].map((group) => ({ type: 'newest-term', record: recordOf(9, group) })),
    );
    expect(actions()).toEqual(['GetParameters']);
  });

  it('reads twelve groups in four requests', async () => {
    const groups = Array.from({ length: 12 }, (_, index) => `g${index}`);
    for (const group of groups) store(5, 9, group);
    const results = await Promise.all(groups.map((group) => witness.readNewest(group, t(9), bounds())));
    expect(results.every((result) => result.type === 'newest-term' && result.record?.term === 9)).toBe(true);
    expect(actions()).toEqual(Array(4).fill('GetParameters'));
  });

  it('is not led astray by a hint that makes no sense', async () => {
    store(30, 41);
    for (const hint of ['-3', 'NaN', '1e9', '', '{"term":99}', '99999999999999999999']) {
      ssm.values.set('/ek/web/newest', hint);
      expect(await witness.readNewest('web', t(40), bounds())).toMatchObject({ record: { term: 41 } });
    }
  });

  it('fails when the newest is not a record, and does not mind an older one that is not', async () => {
    store(30, 41);
    ssm.values.set('/ek/web/term/40', 'something else');
    expect(await witness.readNewest('web', t(40), bounds())).toMatchObject({ record: { term: 41 } });
    ssm.values.set('/ek/web/term/42', 'something else');
    expect(await witness.readNewest('web', t(40), bounds())).toMatchObject({
      type: 'failed',
      failure: 'invalid',
    });
  });

  it('that is refused fails with the class of the refusal', async () => {
    ssm.refuse = () => 'AccessDeniedException';
    expect(await witness.readNewest('web', t(40), bounds())).toMatchObject({
      type: 'failed',
      failure: 'denied',
    });
  });

  it('without an answer is unknown by its deadline', async () => {
    ssm.service.respond = () => undefined;
    expect(await witness.readNewest('web', t(40), bounds(40))).toMatchObject({
      type: 'failed',
      failure: 'unknown',
    });
  });
});

describe('deleting old terms', () => {
  it('deletes from the bottom, in batches of ten, and leaves the newer ones', async () => {
    store(1, 30);
    await witness.readNewest('web', t(30), bounds());
    const result = await witness.deleteTerms('web', t(12), bounds());
    expect(result).toEqual({ type: 'term-record', record: null });
    const batches = ssm.calls
      .filter(({ action }) => action === 'DeleteParameters')
      .map(({ input }) => input.Names);
    expect(batches.map((names) => names?.length)).toEqual([10, 2]);
    expect(batches[0]?.[0]).toBe('/ek/web/term/1');
    expect([...ssm.values.keys()].filter((name) => name.startsWith('/ek/web/term/'))).toHaveLength(18);
  });

  it('goes on where it stopped, without listing again', async () => {
    store(1, 30);
    await witness.readNewest('web', t(30), bounds());
    await witness.deleteTerms('web', t(5), bounds());
    ssm.calls.length = 0;
    expect(await witness.deleteTerms('web', t(7), bounds())).toEqual({ type: 'term-record', record: null });
    expect(ssm.calls).toMatchObject([{ input: { Names: ['/ek/web/term/6', '/ek/web/term/7'] } }]);
  });

  it('leaves the rest for later when its time is over', async () => {
    store(1, 40);
    await witness.readNewest('web', t(40), bounds());
    expect(await witness.deleteTerms('web', t(30), bounds(300))).toMatchObject({ type: 'failed' });
    expect(actions().filter((action) => action === 'DeleteParameters')).toHaveLength(1);
    expect(ssm.values.has('/ek/web/term/11')).toBe(true);
  });

  it('refuses to delete when no newer term was seen', async () => {
    store(1, 12);
    expect(await witness.deleteTerms('web', t(12), bounds())).toMatchObject({
      type: 'failed',
      failure: 'invalid',
    });
    await witness.readNewest('web', t(12), bounds());
    expect(await witness.deleteTerms('web', t(12), bounds())).toMatchObject({
      type: 'failed',
      failure: 'invalid',
    });
    expect(actions()).not.toContain('DeleteParameters');
  });
});

describe('the hint', () => {
  const hints = () =>
    ssm.calls.filter(({ input }) => input.Name === '/ek/web/newest').map(({ input }) => input.Value);

  it('follows a claim in the background, at most once in twenty seconds, with the latest term', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    await witness.createTerm(recordOf(7), bounds(600_000));
    expect(hints()).toEqual([]);
    vi.advanceTimersByTime(4_000);
    await vi.waitFor(() => expect(hints()).toEqual(['7']));
    await witness.createTerm(recordOf(8), bounds(600_000));
    await witness.createTerm(recordOf(9), bounds(600_000));
    vi.advanceTimersByTime(19_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(hints()).toEqual(['7']);
    vi.advanceTimersByTime(1_000);
    await vi.waitFor(() => expect(hints()).toEqual(['7', '9']));
    expect(ssm.calls.at(-1)?.input.Overwrite).toBe(true);
  });

  it('that fails harms nothing', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    ssm.refuse = ({ input }) => (input.Name === '/ek/web/newest' ? 'AccessDeniedException' : '');
    expect(await witness.createTerm(recordOf(7), bounds(600_000))).toEqual({ type: 'term-created' });
    vi.advanceTimersByTime(4_000);
    await vi.waitFor(() => expect(hints()).toEqual(['7']));
    vi.useRealTimers();
    await until(() => ssm.service.received.length === 2);
    expect(await witness.createTerm(recordOf(8), bounds())).toEqual({ type: 'term-created' });
  });

  it('is not written for a term that somebody else won', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    store(7, 7);
    await witness.createTerm(recordOf(7), bounds(600_000));
    vi.advanceTimersByTime(60_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(hints()).toEqual([]);
  });
});
