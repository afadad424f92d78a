import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StatusSnapshot } from '../../../src/control/status-snapshot.ts';
import { registry } from '../../../src/doctor/checks/registry.ts';
import { DoctorContext } from '../../../src/doctor/doctor-context.ts';
import type { Machine } from '../../../src/runtime/machine-facts.ts';
import { peerAddresses } from '../../../src/runtime/node-plan.ts';
import type { Registration } from '../../../src/witness/registration-record.ts';
import { configuration, GOOD } from '../config/configuration-fixture.ts';
import { statusSnapshot } from '../control/snapshot-fixture.ts';
import { type FakeSsm, startFakeSsm } from '../witness/fake-ssm.ts';

const FILE = GOOD.replace('address: 10.0.0.11, instanceId: i-0aa1', 'address: registered').replace(
  'address: 10.0.0.12',
  'address: registered',
);
const of = (node: string, instanceId: string, address: string): Registration => ({
  v: 1,
  node,
  instanceId,
  addresses: [address],
  port: 9694,
});

describe('the doctor on registered nodes', () => {
  let ssm: FakeSsm;
  let status: StatusSnapshot | null;
  let text: string;
  beforeEach(async () => {
    ssm = await startFakeSsm();
    status = null;
    text = FILE;
  });
  afterEach(() => ssm.close());

  class GivenContext extends DoctorContext {
    override clients = async () => ssm.clients;
    override self = async () => 'main';
    override status = async () => status;
    override configuration = async () => configuration(text);
    override machine = async () =>
      ({ identity: { instanceId: 'i-0aa1', privateAddress: '10.0.0.11' } }) as unknown as Machine;
  }
  const context = () =>
    new GivenContext({
      source: '/none',
      version: '0',
      environment: {},
      connect: () => Promise.reject(new Error('no daemon')),
      waiting: false,
      signal: new AbortController().signal,
    });
  const look = async () =>
    (await registry.look(context(), new AbortController().signal)).map(
      ({ verdict, text: said }) => `${verdict}: ${said}`,
    );
  const stand = (registration: Registration) =>
    ssm.values.set(`/eipkeeper/web/node/${registration.node}`, JSON.stringify(registration));

  it('says who is registered where, and leaves nothing behind', async () => {
    stand(of('main', 'i-0aa1', '10.0.0.11'));
    stand(of('aux', 'i-0bb2', '10.0.0.12'));
    const names = [...ssm.values.keys()];
    expect(await look()).toEqual([
      'ok: main is registered at 10.0.0.11, port 9694, by i-0aa1',
      'ok: aux is registered at 10.0.0.12, port 9694, by i-0bb2',
    ]);
    expect([...ssm.values.keys()]).toEqual(names);
    expect(peerAddresses(await context().placed())).toEqual({
      main: [{ address: '10.0.0.11', port: 9694 }],
      aux: [{ address: '10.0.0.12', port: 9694 }],
    });
  });

  it('says who is not, and why that may be so', async () => {
    expect(await look()).toEqual([
      'warning: main has not registered yet',
      'failure: nobody has registered as aux',
    ]);
    status = statusSnapshot();
    ssm.values.set('/eipkeeper/web/node/aux', '{"v":9}');
    expect(await look()).toEqual([
      'failure: main, which runs here, has not registered',
      expect.stringMatching(/^failure: what stands where aux registers is not understood: v: /),
    ]);
    expect(peerAddresses(await context().placed()).aux).toEqual([]);
  });

  it('tells of another instance under the name of this one', async () => {
    stand(of('main', 'i-0cc3', '10.0.0.77'));
    stand(of('aux', 'i-0bb2', '10.0.0.12'));
    expect((await look())[0]).toBe(
      'warning: main is registered at 10.0.0.77, port 9694, by i-0cc3; this instance is i-0aa1',
    );
  });

  it.each([
    ['GetParameters', /^failure: SSM GetParameters failed/],
    ['PutParameter', /^failure: SSM PutParameter failed/],
    ['DeleteParameters', /^warning: what nodes that are forgotten have written would stay/],
  ])('finds that the role lacks %s', async (denied, line) => {
    stand(of('aux', 'i-0bb2', '10.0.0.12'));
    ssm.refuse = ({ action }) => (action === denied ? 'AccessDeniedException' : '');
    expect((await look()).at(-1)).toMatch(line);
  });

  it('has nothing to say where all addresses are in the file', async () => {
    text = GOOD;
    expect(await look()).toEqual([]);
    expect(ssm.calls).toEqual([]);
  });
});
