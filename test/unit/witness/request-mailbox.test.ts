import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Incarnation, Term, TermRecord } from '../../../src/core/types.ts';
import { type RequestError, RequestMailbox, type RequestWish } from '../../../src/witness/request-mailbox.ts';
import { SsmWitness } from '../../../src/witness/ssm-witness.ts';
import type { WitnessBounds } from '../../../src/witness/witness.ts';
import type { Respond } from '../cloud/fake-service.ts';
import { type FakeSsm, startFakeSsm } from './fake-ssm.ts';

const NAME = '/cluster/request';
const WISH: RequestWish = { group: 'web', target: 'aux', kind: 'switchover', by: 'somebody', lifeMs: 30_000 };

const RECORD: TermRecord = {
  group: 'web',
  term: 3 as Term,
  owner: 'main',
  incarnation: '0123456789abcdef' as Incarnation,
  leases: {},
  members: ['main', 'aux'],
  reason: 'takeover',
};

describe('asking from afar', () => {
  let ssm: FakeSsm;
  let witness: SsmWitness;
  let mailbox: RequestMailbox;
  const { signal } = new AbortController();
  const bounds: WitnessBounds = { signal, deadlineMs: 5_000 };
  const close = (id: string, status: 'done' | 'refused', reason = '') =>
    witness.closeRequest(id, { status, reason, by: 'main' }, bounds);

  beforeEach(async () => {
    ssm = await startFakeSsm();
    const options = { clients: ssm.clients, prefix: 'cluster' };
    witness = new SsmWitness(options);
    mailbox = new RequestMailbox({ ...options, lookEveryMs: 5 });
  });
  afterEach(async () => {
    witness.close();
    await ssm.close();
  });

  it('is read by a node together with the newest term, in one call', async () => {
    const { id } = await mailbox.write(WISH, signal);
    const before = ssm.calls.length;
    const record = {
      ...RECORD,
      takeovers: [0, 5_000],
      optionalMoves: { count: 2, agoMs: 0 },
      carriedOut: [id],
    };
    await witness.createTerm(record, bounds);
    expect(await witness.readNewest('web', 3 as Term, bounds)).toMatchObject({
      type: 'newest-term',
      record,
      request: { status: 'pending', request: { id, target: 'aux', kind: 'switchover', by: 'somebody' } },
    });
    expect(ssm.calls.slice(before).map(({ action }) => action)).toEqual(['PutParameter', 'GetParameters']);
  });

  it('is done when a node writes so beside it', async () => {
    const posted = await mailbox.write(WISH, signal);
    expect(await close(posted.id, 'done')).toEqual({ type: 'request-closed' });
    expect(await mailbox.watch(posted, signal)).toEqual({ status: 'done' });
  });

  it('is refused with the reason, whatever is in it', async () => {
    const posted = await mailbox.write(WISH, signal);
    await close(posted.id, 'refused', 'aux\nis silent');
    expect(await mailbox.watch(posted, signal)).toEqual({
      status: 'refused',
      reason: 'aux is silent',
      by: 'main',
    });
  });

  it('keeps the first verdict, and one for another request changes nothing', async () => {
    const { id } = await mailbox.write(WISH, signal);
    await close('ffffffffffffffff', 'refused');
    await close(id, 'done');
    const written = ssm.values.get(NAME);
    await close(id, 'refused', 'too late');
    expect(ssm.values.get(NAME)).toBe(written);
  });

  it('is one at a time: who comes second is told who was first', async () => {
    await mailbox.write(WISH, signal);
    const second = await mailbox
      .write({ ...WISH, by: 'another' }, signal)
      .catch((error: RequestError) => error);
    expect(second).toMatchObject({ busy: true, message: expect.stringContaining('somebody') });
  });

  it('takes the place of one that is over, and of nonsense', async () => {
    await close((await mailbox.write(WISH, signal)).id, 'done');
    await mailbox.write(WISH, signal);
    ssm.values.set(NAME, 'nonsense');
    const { id } = await mailbox.write(WISH, signal);
    expect(ssm.values.get(NAME)).toContain(id);
  });

  it('withdraws its own and nobody else’s', async () => {
    const posted = await mailbox.write(WISH, signal);
    expect(await mailbox.withdraw('ffffffffffffffff', signal)).toEqual({ status: 'replaced' });
    expect(ssm.values.has(NAME)).toBe(true);
    expect(await mailbox.withdraw(posted.id, signal)).toEqual({ status: 'withdrawn' });
    expect(ssm.values.has(NAME)).toBe(false);
    const later = { ...posted, before: { ...posted.before, staleUntilMs: performance.now() } };
    expect(await mailbox.watch(later, signal)).toEqual({ status: 'replaced' });
  });

  it.each(['nothing', 'one that is over'])(
    'is not taken for replaced by a reading of before: %s',
    async (what) => {
      const former = what === 'nothing' ? null : await mailbox.write(WISH, signal);
      if (former !== null) await close(former.id, 'refused');
      const stale = ssm.values.get(NAME);
      const posted = await mailbox.write(WISH, signal);
      await close(posted.id, 'done');
      const newest = ssm.values.get(NAME)!;
      if (stale === undefined) ssm.values.delete(NAME);
      else ssm.values.set(NAME, stale);
      const begun = ssm.calls.length;
      const { respond } = ssm.service;
      ssm.service.respond = (...call) => {
        if (ssm.calls.length - begun >= 2) ssm.values.set(NAME, newest);
        respond(...call);
      };
      expect(await mailbox.watch(posted, signal)).toEqual({ status: 'done' });
      expect(ssm.calls.length - begun).toBeGreaterThan(2);
    },
  );

  it('is replaced by another at once', async () => {
    const posted = await mailbox.write(WISH, signal);
    ssm.values.set(NAME, ssm.values.get(NAME)!.replace(posted.id, 'ffffffffffffffff'));
    expect(await mailbox.watch(posted, signal)).toEqual({ status: 'replaced' });
  });

  it('is over when it expires', async () => {
    const posted = await mailbox.write(WISH, signal);
    const expires = '2020-01-01T00:00:00.000Z';
    expect(await mailbox.watch({ ...posted, expires }, signal)).toEqual({ status: 'expired' });
  });

  it.each<[string, (respond: Respond) => Respond]>([
    ['is throttled', () => refuseWith(400, 'ThrottlingException')],
    ['fails in SSM', () => refuseWith(500, 'InternalServerError')],
    ['is cut', () => (_received, _response, socket) => socket.destroy()],
    [
      'has no date',
      (respond) => (received, response, socket) => {
        response.sendDate = false;
        respond(received, response, socket);
      },
    ],
  ])('is looked at again when a look %s', async (_, failing) => {
    const posted = await mailbox.write(WISH, signal);
    await close(posted.id, 'done');
    const { respond } = ssm.service;
    let looks = 0;
    ssm.service.respond = (...call) => {
      looks += 1;
      (looks <= 3 ? failing(respond) : respond)(...call);
    };
    expect(await mailbox.watch(posted, signal)).toEqual({ status: 'done' });
    expect(looks).toBe(4);
  });

  it('is looked at in vain until it expires', async () => {
    const posted = await mailbox.write({ ...WISH, lifeMs: 200 }, signal);
    ssm.refuse = () => 'ThrottlingException';
    const failure = { denied: false, posted, message: expect.stringContaining('ThrottlingException') };
    await expect(mailbox.watch(posted, signal)).rejects.toMatchObject(failure);
    expect(performance.now()).toBeGreaterThan(posted.untilMs);
  });

  it('is not looked at again by who may not', async () => {
    const posted = await mailbox.write(WISH, signal);
    const before = ssm.calls.length;
    ssm.refuse = () => 'AccessDeniedException';
    await expect(mailbox.watch(posted, signal)).rejects.toMatchObject({ denied: true, posted });
    expect(ssm.calls.length).toBe(before + 1);
  });

  it.each([
    ['would live for too long', { lifeMs: 4_000_000 }],
    ['would live for no time', { lifeMs: 0 }],
    ['has a name that nobody could read', { by: 'some\nbody' }],
  ])('writes nothing that %s', async (_, wrong) => {
    await expect(mailbox.write({ ...WISH, ...wrong }, signal)).rejects.toThrow('nothing was written');
    expect(ssm.values.size).toBe(0);
  });
});

function refuseWith(status: number, code: string): Respond {
  return (_, response) => void response.writeHead(status).end(JSON.stringify({ __type: code }));
}
