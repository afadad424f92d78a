import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Check, failure } from '../../../src/doctor/check.ts';
import { registry } from '../../../src/doctor/checks/registry.ts';
import { witness } from '../../../src/doctor/checks/witness.ts';
import { DoctorContext } from '../../../src/doctor/doctor-context.ts';
import type { Report } from '../../../src/doctor/run-checks.ts';
import { waitUntilFit } from '../../../src/doctor/wait-until-fit.ts';
import type { Machine } from '../../../src/runtime/machine-facts.ts';
import { configuration, GOOD } from '../config/configuration-fixture.ts';
import { type FakeSsm, startFakeSsm } from '../witness/fake-ssm.ts';

const ROUNDS = 3;
const FILE = GOOD.replace('address: 10.0.0.11, instanceId: i-0aa1', 'address: registered');

/** Writes are what claims need of the account's limit; nodes that boot wait side by side. */
describe('waiting for a node that is fit', () => {
  let ssm: FakeSsm;
  beforeEach(async () => {
    ssm = await startFakeSsm();
  });
  afterEach(() => ssm.close());

  class GivenContext extends DoctorContext {
    override clients = async () => ssm.clients;
    override self = async () => 'main';
    override status = async () => null;
    override configuration = async () => configuration(FILE);
    override machine = async () =>
      ({ identity: { instanceId: 'i-0aa1', privateAddress: '10.0.0.11' } }) as unknown as Machine;
  }
  const given = ({ name, look }: Check): Check => ({
    name,
    look: (context, signal) => look(new GivenContext(context.options), signal),
  });

  async function wait(): Promise<readonly Report[]> {
    const over = new AbortController();
    let rounds = 0;
    const broken: Check = {
      name: 'broken',
      look: async () => {
        rounds += 1;
        return [failure(`round ${rounds}`, 'wait')];
      },
    };
    return waitUntilFit({
      checks: [given(witness), given(registry), broken],
      options: {
        source: '/none',
        version: '0',
        environment: {},
        connect: () => Promise.reject(new Error('no daemon')),
      },
      signal: over.signal,
      onProblems: () => {
        if (rounds === ROUNDS) over.abort();
      },
      lookEveryMs: 1,
    });
  }
  const count = (action: string) => ssm.calls.filter((call) => call.action === action).length;
  const textsOf = (reports: readonly Report[]) =>
    reports.flatMap(({ findings }) => findings.map(({ verdict, text }) => `${verdict}: ${text}`));

  it('writes once to each place that it may write to, however often it looks', async () => {
    const reports = await wait();
    expect(textsOf(reports)).toEqual([
      'ok: /eipkeeper/web/web/term: read, written and deleted',
      'warning: main has not registered yet',
      `failure: round ${ROUNDS}`,
    ]);
    expect(count('GetParametersByPath')).toBe(ROUNDS);
    expect(count('PutParameter')).toBe(2);
    expect(count('DeleteParameters')).toBe(2);
  });

  it('tries again what was refused, so that it sees when it is mended', async () => {
    ssm.refuse = ({ action }) =>
      action === 'PutParameter' && count('PutParameter') <= 2 ? 'AccessDeniedException' : '';
    const reports = await wait();
    expect(textsOf(reports)).toContain('ok: /eipkeeper/web/web/term: read, written and deleted');
    expect(count('PutParameter')).toBe(4);
  });

  it('leaves no second probe where the first could not be deleted, and goes on naming it', async () => {
    ssm.refuse = ({ action }) => (action === 'DeleteParameters' ? 'AccessDeniedException' : '');
    const reports = await wait();
    const [left] = [...ssm.values.keys()].filter((name) => name.includes('/term/'));
    expect(textsOf(reports)[0]).toContain(left);
    expect(ssm.values.size).toBe(2);
  });
});
