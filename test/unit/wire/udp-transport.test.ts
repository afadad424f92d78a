import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Incarnation, Term } from '../../../src/core/types.ts';
import { Authenticator } from '../../../src/wire/authenticator.ts';
import { decodePacket, encodePacket } from '../../../src/wire/packet.ts';
import { UdpTransport } from '../../../src/wire/udp-transport.ts';
import { GROUPS, heartbeatOf, usualReport } from './arbitraries.ts';
import { DEADTIME_MS, KEEPALIVE_MS, NEW_KEY, type Node, OLD_KEY, UdpWorld, until } from './udp-world.ts';

let world: UdpWorld;

beforeEach(() => {
  world = new UdpWorld();
});
afterEach(async () => {
  await world.close();
});

async function talking(options = {}): Promise<{ main: Node; aux: Node }> {
  const main = await world.start('main', options);
  const aux = await world.start('aux', options);
  const bothBeat = () => {
    main.beat('aux');
    aux.beat('main');
  };
  await until(() => main.received.length > 3 && aux.received.length > 3, bothBeat);
  return { main, aux };
}

const dropped = (node: Node) => node.transport.counters().dropped;

describe('two nodes', () => {
  it('hear each other, over every path, with the time of receipt', async () => {
    const { main, aux } = await talking({ paths: 2 });
    const beforeMs = performance.now();
    aux.received.length = 0;
    main.beat('aux', { beat: 12_345 });
    await until(() => aux.received.length === 2);
    expect(aux.received.map(({ path }) => path).sort()).toEqual([0, 1]);
    for (const { from, message, receivedAtMs } of aux.received) {
      expect(from).toBe('main');
      expect(message).toEqual(heartbeatOf([usualReport('web', { term: 7 as Term })], { beat: 12_345 }));
      expect(receivedAtMs).toBeGreaterThanOrEqual(beforeMs);
      expect(receivedAtMs).toBeLessThanOrEqual(performance.now());
    }
  });

  it('know of each link whether it is open, when it was heard, how long it takes and what it lost', async () => {
    const { main, aux } = await talking();
    expect(main.transport.links()).toMatchObject([
      { peer: 'aux', path: 0, open: true, rttMs: null, rttMsAgo: null, lost: 0 },
    ]);
    main.beat('aux', { beat: 500 });
    await until(() => aux.received.at(-1)?.message.beat === 500);
    aux.transport.send('main', 0, heartbeatOf([], { kind: 'reply', beat: 500, wantsReply: false }));
    await until(() => main.received.at(-1)?.message.kind === 'reply');
    const [link] = main.transport.links();
    expect(link?.rttMs).toBeGreaterThan(0);
    expect(link?.rttMsAgo).toBeGreaterThanOrEqual(0);
    expect(link?.heardMsAgo).toBeLessThan(DEADTIME_MS);
    expect(link?.received).toBe(main.received.length);
  });

  it('split a message that one datagram cannot hold, and hand up all of it', async () => {
    const { main, aux } = await talking({ groups: GROUPS });
    const answer = { id: '0123456789abcdef', refusal: 'r'.repeat(120), code: 'unsafe' as const };
    aux.received.length = 0;
    main.transport.send(
      'aux',
      0,
      heartbeatOf(
        GROUPS.map((group) => usualReport(group, { answer })),
        { beat: 9 },
      ),
    );
    const reports = () => aux.received.flatMap(({ message }) => message.reports);
    await until(() => reports().length === GROUPS.length);
    expect(aux.received.length).toBeGreaterThan(1);
    expect(reports().map(({ group }) => group)).toEqual(GROUPS);
  });

  it('find each other again when either restarts', async () => {
    const { main, aux } = await talking();
    await main.transport.close();
    const again = await world.start('main');
    again.beat('aux', { beat: 77 });
    await until(() => aux.received.at(-1)?.message.beat === 77);
    aux.beat('main');
    await until(() => again.received.length > 0);
  });
});

describe('faults 53 to 55: recorded datagrams', () => {
  it('are dropped in the session, after a restart of the sender, and after one of the receiver', async () => {
    const { main, aux } = await talking();
    const tap = await world.tap('aux');
    const recorded = [...tap.recorded];
    const replay = async (target: Node) => {
      target.received.length = 0;
      const before = target.transport.counters().datagramsReceived;
      for (const bytes of recorded) await tap.inject(bytes);
      await until(() => target.transport.counters().datagramsReceived >= before + recorded.length);
      expect(target.received).toEqual([]);
    };
    await replay(aux);
    expect(dropped(aux).duplicate).toBeGreaterThan(0);

    await main.transport.close();
    const mainAgain = await world.start('main');
    await until(
      () => aux.received.some(({ incarnation }) => incarnation === '0000000000000003'),
      () => mainAgain.beat('aux'),
    );
    await replay(aux);
    expect(dropped(aux)['stale-session']).toBeGreaterThan(0);

    await aux.transport.close();
    const auxAgain = await world.start('aux');
    await replay(auxAgain);
  });
});

describe('a datagram recorded on one path', () => {
  it('is dropped on another', async () => {
    const { main, aux } = await talking({ paths: 2 });
    const [first, second] = [await world.tap('aux', 0), await world.tap('aux', 1)];
    const count = first.recorded.length;
    main.transport.send('aux', 0, heartbeatOf([]));
    await until(() => first.recorded.length > count);
    await second.inject(first.recorded.at(-1)!);
    await until(() => dropped(aux)['wrong-path'] === 1);
    expect(
      aux.received.filter(({ path }) => path === 1).every(({ message }) => message.reports.length > 0),
    ).toBe(true);
  });
});

describe('a reload', () => {
  it('ends the hearing of a node that is no longer named, and begins it again when it is', async () => {
    const { main, aux } = await talking();
    const address = (await world.tap('main')).local;
    aux.transport.setPeers({});
    aux.received.length = 0;
    main.beat('aux');
    await until(() => dropped(aux)['unknown-sender'] > 0);
    expect(aux.received).toEqual([]);
    expect(aux.transport.links()).toEqual([]);
    aux.transport.setPeers({ main: [address] });
    await until(
      () => aux.received.length > 0,
      () => main.beat('aux'),
    );
  });

  it('makes a new group understood', async () => {
    const { main, aux } = await talking();
    const groupsHeard = () =>
      aux.received
        .at(-1)
        ?.message.reports.map(({ group }) => group)
        .join();
    const send = () => main.transport.send('aux', 0, heartbeatOf([usualReport('web'), usualReport('mail')]));
    await until(() => groupsHeard() === 'web', send);
    aux.transport.setGroups(['web', 'mail']);
    await until(() => groupsHeard() === 'web,mail', send);
  });
});

describe('fault 56: the rotation of the key', () => {
  it('loses nothing, in whatever order the nodes take each step', async () => {
    const { main, aux } = await talking();
    aux.received.length = 0;
    let sent = 0;
    const stillHeard = async () => {
      main.beat('aux');
      sent += 1;
      await until(() => aux.received.length === sent);
    };
    for (const keys of [
      { current: OLD_KEY, previous: NEW_KEY },
      { current: NEW_KEY, previous: OLD_KEY },
      { current: NEW_KEY, previous: null },
    ]) {
      for (const node of [main, aux]) {
        node.transport.setKeys(keys);
        await stillHeard();
      }
    }
    // Every heartbeat came; what asks who accepts a key may come too early to be understood.
    expect(aux.transport.links()[0]?.lost).toBe(0);
  });

  it('is seen at each node: who accepts the second key, and who signs with which', async () => {
    const { main, aux } = await talking();
    const beat = () => {
      main.beat('aux');
      aux.beat('main');
    };
    const seen = () => main.transport.keys().peers[0];
    const { signing: old } = main.transport.keys();
    main.transport.setKeys({ current: OLD_KEY, previous: NEW_KEY });
    await until(() => aux.transport.keys().unknownSeen, beat);
    expect(seen()).toEqual({ peer: 'aux', signing: old, acceptsOther: false });
    aux.transport.setKeys({ current: OLD_KEY, previous: NEW_KEY });
    await until(() => seen()?.acceptsOther === true, beat);
    aux.transport.setKeys({ current: NEW_KEY, previous: OLD_KEY });
    await until(() => seen()?.signing === main.transport.keys().other, beat);
    expect(aux.received.every(({ message }) => message.kind === 'heartbeat')).toBe(true);
  });

  it('is seen by a node that only replies, as one does that leads nothing', async () => {
    const { main, aux } = await talking();
    const keys = { current: OLD_KEY, previous: NEW_KEY };
    for (const node of [main, aux]) node.transport.setKeys(keys);
    const reply = () =>
      aux.transport.send('main', 0, heartbeatOf([], { kind: 'reply', beat: 500, wantsReply: false }));
    await until(() => aux.transport.keys().peers[0]?.acceptsOther === true, reply);
    expect(main.received.at(-1)?.message.kind).toBe('reply');
  });
});

describe('fault 57: a forged higher term', () => {
  it('is dropped when signed with another key, and when a true datagram was changed', async () => {
    const { main, aux } = await talking();
    const tap = await world.tap('aux');
    const count = tap.recorded.length;
    main.beat('aux');
    await until(() => aux.received.at(-1) !== undefined && tap.recorded.length > count);
    const genuine = tap.recorded.at(-1)!;
    const decoded = decodePacket(genuine);
    if (!decoded.ok || decoded.packet.kind !== 'message') throw new Error('not a message');
    await until(() => aux.transport.counters().messagesReceived === aux.received.length);
    aux.received.length = 0;

    const next = { ...decoded.packet, sequence: decoded.packet.sequence + 1 };
    await tap.inject(encodePacket(next, new Authenticator({ current: NEW_KEY, previous: null })));
    const changed = Buffer.from(genuine);
    changed.writeUIntBE(decoded.packet.sequence + 1, 7, 6);
    await tap.inject(changed);
    await until(() => dropped(aux)['unknown-key'] === 1 && dropped(aux)['bad-signature'] === 1);
    expect(aux.received).toEqual([]);
    expect(aux.warnings).toHaveLength(2);

    await tap.inject(encodePacket(next, new Authenticator({ current: OLD_KEY, previous: null })));
    await until(() => aux.received.length === 1);
  });
});

describe('fault 58: one name on two instances', () => {
  it('is told to the newcomer, who asked from an address that no file names; the incumbent stays', async () => {
    const { main, aux } = await talking();
    const newcomer = await world.start('main', { host: 'elsewhere', direct: true });
    const heardBefore = aux.received.length;
    await until(
      () => newcomer.takenBy.length > 0,
      () => {
        main.beat('aux');
        newcomer.beat('aux');
      },
    );
    expect(newcomer.takenBy).toEqual(['i-main']);
    expect(newcomer.transport.refusedMsAgo()).toBeGreaterThanOrEqual(0);
    expect(main.takenBy).toEqual([]);
    expect(main.transport.refusedMsAgo()).toBeNull();
    expect(newcomer.received).toEqual([]);
    const incarnations = new Set(aux.received.slice(heardBefore).map(({ incarnation }) => incarnation));
    expect([...incarnations]).toEqual(['0000000000000001']);
    expect(aux.warnings.filter((line) => line.startsWith('A second instance'))).toHaveLength(1);
    expect(dropped(aux)['name-taken']).toBeGreaterThan(1);
  });
});

describe('garbage', () => {
  it('is counted by reason, answered with nothing, logged once a reason, and keeps no memory', async () => {
    const { main, aux } = await talking();
    const tap = await world.tap('aux');
    const forged = Buffer.from(tap.recorded[0]!);
    forged[forged.length - 1]! ^= 1;
    const kinds = [Buffer.from(forged), randomBytes(1_400), randomBytes(200), Buffer.alloc(0)];
    const before = aux.transport.counters();
    const heapBefore = process.memoryUsage().heapUsed;
    const counters = () => aux.transport.counters();
    for (let i = 1; i <= 5_000; i += 1) {
      await tap.inject(kinds[i % kinds.length]!);
      // In step with the receiver, so that the kernel's buffer does not shorten the flood.
      const all = () => counters().datagramsReceived >= before.datagramsReceived + i;
      if (i % 100 === 0) await until(all, undefined, 1);
    }
    expect(counters().datagramsSent).toBe(before.datagramsSent);
    for (const reason of ['bad-signature', 'oversized', 'not-ours', 'too-short'] as const) {
      expect(dropped(aux)[reason]).toBeGreaterThan(500);
    }
    expect(aux.warnings).toHaveLength(1);
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(50e6);
    const heard = aux.received.length;
    main.beat('aux');
    await until(() => aux.received.length > heard);
  });

  it('never throws out of the socket, whatever bytes follow a valid start', async () => {
    const { aux } = await talking();
    const tap = await world.tap('aux');
    const signer = new Authenticator({ current: OLD_KEY, previous: null });
    const decoded = decodePacket(tap.recorded.at(-1)!);
    if (!decoded.ok || decoded.packet.kind !== 'message') throw new Error('not a message');
    let { sequence } = decoded.packet;
    for (let i = 0; i < 200; i += 1) {
      sequence += 1;
      await tap.inject(encodePacket({ ...decoded.packet, sequence, payload: randomBytes(60) }, signer));
    }
    await until(() => dropped(aux).malformed > 100);
  });
});

describe('sending', () => {
  const options = {
    self: { name: 'main', incarnation: '00000000000000aa' as Incarnation, instanceId: 'i-main' },
    groups: ['web'],
    keys: { current: OLD_KEY, previous: null },
    timings: { keepaliveMs: KEEPALIVE_MS, deadtimeMs: DEADTIME_MS },
    log: { warn: () => undefined },
  };
  const handlers = { onMessage: () => undefined, onNameTaken: () => undefined };

  it('counts what the system refuses and goes on', async () => {
    const transport = new UdpTransport({
      ...options,
      paths: [{ address: '127.0.0.1', port: 0 }],
      // A socket bound to loopback cannot send to this documentation address.
      peers: { aux: [{ address: '192.0.2.1', port: 9 }] },
    });
    await transport.start(handlers);
    await until(() => Object.keys(transport.counters().sendFailures).length > 0);
    await transport.close();
  });

  it('counts a message that fits no datagram, and never throws', async () => {
    const { main } = await talking();
    main.transport.send('aux', null, heartbeatOf([usualReport('web', { owner: 'x'.repeat(64) })]));
    main.transport.send('nobody', null, heartbeatOf([]));
    expect(main.transport.counters().sendFailures).toEqual({ unencodable: 1 });
    await main.transport.close();
    main.beat('aux');
  });

  it('refuses peers that are not addresses, and keeps those it had', async () => {
    const { main } = await talking();
    expect(() => main.transport.setPeers({ aux: [{ address: 'aux.example', port: 694 }] })).toThrow(
      /IP address/,
    );
    expect(main.transport.links()).toHaveLength(1);
  });
});

describe('starting', () => {
  const start = async (address: string, port: number) => {
    const transport = new UdpTransport({
      self: { name: 'main', incarnation: '00000000000000aa' as Incarnation, instanceId: 'i-main' },
      paths: [{ address, port }],
      peers: {},
      groups: [],
      keys: { current: OLD_KEY, previous: null },
      timings: { keepaliveMs: KEEPALIVE_MS, deadtimeMs: DEADTIME_MS },
      log: { warn: () => undefined },
    });
    await transport.start({ onMessage: () => undefined, onNameTaken: () => undefined });
    return transport;
  };

  it('says that the port is taken, and how to find by whom', async () => {
    const tap = await world.tap('main');
    const { address, port } = tap.local;
    await expect(start(address, port)).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: expect.stringMatching(new RegExp(`${address} port ${port}.*ss -ulpn sport = :${port}`)),
    });
  });

  it('says that the address is not on this machine', async () => {
    await expect(start('192.0.2.1', 0)).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
      message: expect.stringContaining('ip address'),
    });
  });

  it('can be followed by a close at any moment, twice', async () => {
    const transport = await start('127.0.0.1', 0);
    await Promise.all([transport.close(), transport.close()]);
    await transport.close();
  });
});
