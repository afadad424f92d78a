import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Configuration } from '../../../src/config/configuration.ts';
import { KnownRegistrations } from '../../../src/runtime/known-registrations.ts';
import { peerAddresses } from '../../../src/runtime/node-plan.ts';
import { Registrar } from '../../../src/runtime/registrar.ts';
import { NodeRegistry } from '../../../src/witness/node-registry.ts';
import type { Registration } from '../../../src/witness/registration-record.ts';
import { configuration } from '../config/configuration-fixture.ts';
import { type FakeSsm, startFakeSsm } from '../witness/fake-ssm.ts';

const FILE = `cluster: web
key: { file: /etc/eipkeeper/key }
nodes:
  main: { address: registered }
  aux: { address: registered }
groups:
  web:
    nodes: [main, aux]
    resources: [{ elastic-ip: { allocationId: eipalloc-0abc } }]
`;
const PARSED = configuration(FILE);
const of = (node: string, changes: Partial<Registration> = {}): Registration => ({
  v: 1,
  node,
  instanceId: `i-0${node === 'main' ? 'aa1' : 'bb2'}`,
  addresses: [node === 'main' ? '10.0.0.11' : '10.0.0.12'],
  port: 9694,
  ...changes,
});
const MAIN = of('main');
const AUX = of('aux');
/** An instance that has, or wants, the name of main. */
const OTHER = of('main', { instanceId: 'i-0cc3', addresses: ['10.0.0.77'] });
const DEADTIME_MS = 1_000;
const PATIENCE_S = 2;

describe('the registrar', () => {
  let dir: string;
  let ssm: FakeSsm;
  let heard: Set<string>;
  let refusedMsAgo: number | null;
  let moved: number;
  let log: string[];
  let made: Registrar[];
  let used: Configuration;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'registrar-test-'));
    ssm = await startFakeSsm();
    heard = new Set();
    refusedMsAgo = null;
    moved = 0;
    log = [];
    made = [];
    used = PARSED;
  });
  afterEach(async () => {
    for (const registrar of made) await registrar.close();
    await ssm.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const path = () => join(dir, 'registrations.json');
  function create(own: Registration | null = MAIN): Registrar {
    const take = (sentence: string) => log.push(sentence);
    const registrar: Registrar = new Registrar({
      self: 'main',
      own,
      paths: 1,
      registry: new NodeRegistry({ clients: ssm.clients, prefix: '/web' }),
      known: new KnownRegistrations(path(), take),
      configuration: () => used,
      heard: () => heard,
      refusedMsAgo: () => refusedMsAgo,
      deadtimeMs: () => DEADTIME_MS,
      onMoved: () => {
        moved += 1;
      },
      log: { info: take, warn: take },
      random: () => 0.5,
    });
    made.push(registrar);
    return registrar;
  }
  const stand = (registration: Registration) =>
    ssm.values.set(`/web/node/${registration.node}`, JSON.stringify(registration));
  const standing = (node: string) => JSON.parse(ssm.values.get(`/web/node/${node}`) ?? 'null');
  const calls = (action: string) => ssm.calls.filter((call) => call.action === action).length;
  const begin = (registrar: Registrar) => registrar.begin(() => {});
  const addressOf = (registrar: Registrar, node: string) => peerAddresses(registrar.complete(PARSED))[node];

  /** On a clock that begins when the peers are greeted; a look a second, from the second after `fromS`. */
  async function pass(registrar: Registrar, fromS: number, toS: number): Promise<void> {
    const startMs = performance.now() + 60_000;
    if (fromS === 0) registrar.start(startMs);
    for (let second = fromS + 1; second <= toS; second += 1) await registrar.look(startMs + second * 1_000);
  }

  it('writes its own entry at the start, finds the others, and asks no more while they are heard', async () => {
    stand(AUX);
    const registrar = create();
    await begin(registrar);
    expect(standing('main')).toEqual(MAIN);
    expect(addressOf(registrar, 'aux')).toEqual([{ address: '10.0.0.12', port: 9694 }]);
    expect(addressOf(registrar, 'main')).toEqual([{ address: '10.0.0.11', port: 9694 }]);
    heard.add('aux');
    await pass(registrar, 0, 3_600);
    expect(ssm.calls.map(({ action }) => action)).toEqual(['GetParameters', 'PutParameter']);
  });

  it('writes nothing when its entry stands there already', async () => {
    stand(MAIN);
    await begin(create());
    expect(calls('PutParameter')).toBe(0);
    stand({ ...MAIN, addresses: ['10.0.0.99'] });
    await begin(create());
    expect(standing('main')).toEqual(MAIN);
  });

  it('asks for a silent peer after 2 s, then less and less, all names in one call', async () => {
    const registrar = create();
    await begin(registrar);
    await pass(registrar, 0, 60);
    expect(calls('GetParameters') - 1).toBeLessThanOrEqual(8);
    const before = calls('GetParameters');
    await pass(registrar, 60, 660);
    expect(calls('GetParameters') - before).toBeGreaterThan(40);
    expect(calls('GetParameters') - before).toBeLessThanOrEqual(60);
    expect(log.filter((sentence) => sentence.includes('nobody has registered'))).toHaveLength(1);
  });

  it('follows a peer to its new address once the old one is silent', async () => {
    stand(AUX);
    const registrar = create();
    await begin(registrar);
    const before = moved;
    stand(of('aux', { instanceId: 'i-0cc3', addresses: ['10.0.0.78'], port: 9700 }));
    heard.add('aux');
    await pass(registrar, 0, 60);
    expect(moved).toBe(before);
    heard.clear();
    await pass(registrar, 60, 70);
    expect(moved).toBe(before + 1);
    expect(addressOf(registrar, 'aux')).toEqual([{ address: '10.0.0.78', port: 9700 }]);
  });

  it('keeps a peer that is heard where it is heard, when another entry appears under its name', async () => {
    stand(AUX);
    // Its own entry cannot be written, so it goes on reading.
    ssm.refuse = ({ action }) => (action === 'PutParameter' ? 'AccessDeniedException' : '');
    const registrar = create();
    await begin(registrar);
    heard.add('aux');
    stand(of('aux', { instanceId: 'i-0cc3', addresses: ['10.0.0.78'] }));
    await pass(registrar, 0, 20);
    expect(addressOf(registrar, 'aux')).toEqual([{ address: '10.0.0.12', port: 9694 }]);
    expect(registrar.status()).toMatchObject([
      { node: 'main', instanceId: null, problem: expect.stringContaining('needs ssm:PutParameter') },
      { node: 'aux', instanceId: 'i-0bb2', problem: expect.stringContaining('i-0cc3 at 10.0.0.78') },
    ]);
  });

  it('leaves the entry of an instance that lives alone, for as long as a peer refuses it the name', async () => {
    stand(OTHER);
    stand(AUX);
    const registrar = create();
    await begin(registrar);
    expect(standing('main')).toEqual(OTHER);
    refusedMsAgo = 100;
    await pass(registrar, 0, 600);
    expect(standing('main')).toEqual(OTHER);
    expect(registrar.status()[0]).toMatchObject({
      instanceId: null,
      problem: expect.stringContaining('main is registered by i-0cc3 at 10.0.0.77'),
    });
    // The last refusal is old: nobody hears the other any more.
    refusedMsAgo = 3_000;
    await pass(registrar, 600, 620);
    expect(standing('main')).toEqual(MAIN);
  });

  it('takes the entry of an instance that nobody speaks up for, and not before', async () => {
    stand(OTHER);
    const registrar = create();
    await begin(registrar);
    await registrar.look();
    expect(standing('main')).toEqual(OTHER);
    await pass(registrar, 0, PATIENCE_S - 1);
    expect(standing('main')).toEqual(OTHER);
    await pass(registrar, PATIENCE_S - 1, PATIENCE_S + 1);
    expect(standing('main')).toEqual(MAIN);
    expect(log).toContain('main was registered by i-0cc3, and is i-0aa1 now');
  });

  it('takes it at once when a peer has let it in', async () => {
    stand(OTHER);
    stand(AUX);
    const registrar = create();
    await begin(registrar);
    heard.add('aux');
    expect(standing('main')).toEqual(OTHER);
    await pass(registrar, 0, 1);
    expect(standing('main')).toEqual(MAIN);
  });

  it('takes its name back when it was overwritten and is heard, at most once a minute', async () => {
    const registrar = create();
    await begin(registrar);
    await pass(registrar, 0, 1);
    heard.add('third');
    for (let second = 1; second < 301; second += 10) {
      stand(OTHER);
      await pass(registrar, second, second + 10);
    }
    const overwrites = ssm.calls.filter(({ input }) => input.Overwrite === true).length;
    expect(overwrites).toBeGreaterThanOrEqual(3);
    expect(overwrites).toBeLessThanOrEqual(6);
  });

  it('leaves the name to who took it when nobody hears itself', async () => {
    const registrar = create();
    await begin(registrar);
    stand(OTHER);
    await pass(registrar, 0, 600);
    expect(standing('main')).toEqual(OTHER);
    expect(
      log.filter((sentence) => sentence.includes('had the name and no other node hears it')),
    ).toHaveLength(1);
  });

  it('gives a name that two want at one moment to one of them', async () => {
    ssm.refuse = ({ action }) => {
      if (action === 'PutParameter' && !ssm.values.has('/web/node/main')) stand(OTHER);
      return '';
    };
    const registrar = create();
    await begin(registrar);
    expect(standing('main')).toEqual(OTHER);
    expect(log).toContain('another instance registered as main at this moment');
  });

  it('goes on with the last good entry when the new one makes no sense, or is gone', async () => {
    stand(AUX);
    const registrar = create();
    await begin(registrar);
    ssm.values.set('/web/node/aux', '{"v":1,"node":"aux"}');
    await pass(registrar, 0, 10);
    expect(addressOf(registrar, 'aux')).toHaveLength(1);
    expect(registrar.status()[1]?.problem).toContain('not understood (instanceId');
    stand({ ...AUX, addresses: ['10.0.0.12', '10.1.0.12'] });
    await pass(registrar, 10, 30);
    expect(registrar.status()[1]?.problem).toContain('registered with 2 addresses, and this node has 1');
    ssm.values.delete('/web/node/aux');
    await pass(registrar, 30, 50);
    expect(addressOf(registrar, 'aux')).toEqual([{ address: '10.0.0.12', port: 9694 }]);
    expect(registrar.status()[1]?.problem).toContain('nobody has registered');
  });

  it('replaces an own entry that makes no sense only when nobody refuses it the name', async () => {
    ssm.values.set('/web/node/main', 'nonsense');
    const registrar = create();
    await begin(registrar);
    expect(ssm.values.get('/web/node/main')).toBe('nonsense');
    await pass(registrar, 0, 20);
    expect(standing('main')).toEqual(MAIN);
  });

  it('waits at a start without SSM on a machine that never read, and says what it waits for', async () => {
    ssm.refuse = () => 'AccessDeniedException';
    const registrar = create();
    let over = false;
    const beginning = begin(registrar).then(() => {
      over = true;
    });
    await expect.poll(() => log.join('\n')).toContain('waits: where aux is, is not known yet');
    expect(log.join('\n')).toContain('the role needs ssm:GetParameters on the parameters of node/');
    expect(over).toBe(false);
    await registrar.close();
    await beginning;
  });

  it('goes on at a start without SSM with what the disk remembers', async () => {
    stand(AUX);
    const before = create();
    await begin(before);
    await before.close();
    ssm.refuse = () => 'InternalServerError';
    const registrar = create();
    await begin(registrar);
    expect(addressOf(registrar, 'aux')).toEqual([{ address: '10.0.0.12', port: 9694 }]);
    expect(log).toContain('it goes on with what was known last of where the others are');
    expect(registrar.status()[1]?.problem).toContain('could not be read');
  });

  it.each(['', '{', '[]', 'null', '{"version":2,"nodes":{}}', '{"version":1,"nodes":null}'])(
    'reads %j on its disk as nothing',
    async (text) => {
      writeFileSync(path(), text);
      expect(await new KnownRegistrations(path(), () => {}).read()).toBeNull();
    },
  );

  it('leaves out of what the disk remembers an entry that is broken, and keeps the others', async () => {
    const nodes = { aux: AUX, third: { v: 1 } };
    writeFileSync(path(), JSON.stringify({ version: 1, nodes }));
    expect(await new KnownRegistrations(path(), () => {}).read()).toEqual(new Map([['aux', AUX]]));
    expect(readFileSync(path(), 'utf8')).toContain('third');
  });

  it('removes the entry of a node that is gone for good, and never that of one that is heard', async () => {
    stand(AUX);
    const registrar = create();
    await begin(registrar);
    heard.add('aux');
    expect(await registrar.forget('aux')).toBe('');
    expect(standing('aux')).toEqual(AUX);
    heard.clear();
    ssm.refuse = ({ action }) => (action === 'DeleteParameters' ? 'AccessDeniedException' : '');
    expect(await registrar.forget('aux')).toContain('its registration stays');
    ssm.refuse = () => '';
    expect(await registrar.forget('aux')).toBe('');
    expect(standing('aux')).toBeNull();
  });

  it('leaves a peer that was written with its address there, until its entry is read', async () => {
    used = configuration(
      FILE.replace('aux: { address: registered }', 'aux: { address: 10.0.0.33, port: 9777 }'),
    );
    const registrar = create();
    await begin(registrar);
    expect(addressOf(registrar, 'aux')).toEqual([{ address: '10.0.0.33', port: 9777 }]);
    used = registrar.complete(PARSED);
    stand(AUX);
    await pass(registrar, 0, 5);
    expect(addressOf(registrar, 'aux')).toEqual([{ address: '10.0.0.12', port: 9694 }]);
  });

  it('does nothing at all where every address is in the file', async () => {
    const registrar = new Registrar({
      self: 'main',
      own: null,
      paths: 1,
      registry: new NodeRegistry({ clients: ssm.clients, prefix: '/web' }),
      known: new KnownRegistrations(path(), () => {}),
      configuration: () => configuration(),
      heard: () => new Set(),
      refusedMsAgo: () => null,
      deadtimeMs: () => DEADTIME_MS,
      onMoved: () => {},
      log: { info: () => {}, warn: () => {} },
    });
    made.push(registrar);
    await begin(registrar);
    await pass(registrar, 0, 100);
    expect(ssm.calls).toEqual([]);
    expect(registrar.status()).toEqual([]);
  });
});
