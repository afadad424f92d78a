import { beforeEach, describe, expect, it } from 'vitest';
import { DEADTIME_MS, KEEPALIVE_MS, RTT_MS, SessionWorld } from './session-world.ts';

const BOTH = [
  ['main', 'aux'],
  ['aux', 'main'],
] as const;

let world: SessionWorld;

beforeEach(() => {
  world = new SessionWorld();
});

/** Two nodes that have been talking for a while. */
function talking(): void {
  world.start('main');
  world.start('aux');
  world.heartbeats(5, BOTH);
}

const heard = (by: string): string[] =>
  world.delivered.filter(({ to }) => to === by).map(({ payload }) => payload);

describe('a session opens', () => {
  it('so that a starting node is heard after one and a half round trips, and answered after two', () => {
    world.start('aux');
    world.advance(5_000);
    world.start('main');
    const startMs = world.nowMs;
    world.send('main', 'aux', 'first heartbeat');
    world.advance(RTT_MS * 1.5);
    expect(world.delivered).toMatchObject([
      { to: 'aux', payload: 'first heartbeat', atMs: startMs + RTT_MS * 1.5 },
    ]);
    world.send('aux', 'main', 'reply');
    world.advance(RTT_MS / 2);
    expect(world.delivered[1]).toMatchObject({ to: 'main', payload: 'reply', atMs: startMs + RTT_MS * 2 });
  });

  it('both ways at once when both start in the same millisecond', () => {
    world.start('main');
    world.start('aux');
    world.heartbeats(1, BOTH);
    world.delivered.length = 0;
    world.heartbeats(3, BOTH);
    expect(heard('aux')).toHaveLength(3);
    expect(heard('main')).toHaveLength(3);
    expect(world.count('stale-session')).toBe(0);
  });

  it('for a restarted peer within one and a half round trips, on both sides', () => {
    talking();
    const incarnation = world.start('main');
    world.delivered.length = 0;
    const startMs = world.nowMs;
    world.send('main', 'aux', 'back');
    world.advance(RTT_MS * 1.5);
    world.send('aux', 'main', 'reply');
    world.advance(RTT_MS / 2);
    expect(world.delivered).toMatchObject([
      { to: 'aux', incarnation, payload: 'back', atMs: startMs + RTT_MS * 1.5 },
      { to: 'main', payload: 'reply', atMs: startMs + RTT_MS * 2 },
    ]);
  });

  it('at the next keepalive when its first packets were lost', () => {
    world.start('aux');
    world.advance(1_000);
    world.loses = () => true;
    world.start('main');
    world.send('main', 'aux', 'lost');
    world.loses = () => false;
    world.advance(KEEPALIVE_MS);
    world.send('main', 'aux', 'second');
    world.advance(RTT_MS * 1.5);
    expect(heard('aux')).toEqual(['second']);
  });

  it('with no heartbeat that waited longer than two keepalives', () => {
    world.start('main');
    world.send('main', 'aux', 'old');
    world.advance(KEEPALIVE_MS * 3);
    world.start('aux');
    world.send('aux', 'main', 'hello');
    world.advance(RTT_MS * 4);
    expect(heard('aux')).toEqual([]);
    expect(heard('main')).toEqual(['hello']);
  });

  it('over two paths when one of them is dead', () => {
    world.loses = ({ packet }) => packet.path === 0;
    world.start('main', { pathCount: 2 });
    world.start('aux', { pathCount: 2 });
    world.heartbeats(3, BOTH);
    expect(world.delivered.filter(({ to }) => to === 'aux').map(({ path }) => path)).toContain(1);
    expect(world.delivered.every(({ path }) => path === 1)).toBe(true);
  });
});

describe('in a session', () => {
  it('accepts a sequence once per path and drops what comes late', () => {
    talking();
    world.loses = () => true;
    for (const payload of ['one', 'two', 'three']) world.send('main', 'aux', payload);
    world.loses = () => false;
    const [one, two, three] = world.history.slice(-3);
    world.delivered.length = 0;
    for (const flight of [two!, one!, two!, three!]) world.arrive(flight);
    expect(world.delivered.map(({ payload, missed }) => [payload, missed])).toEqual([
      ['two', 1],
      ['three', 0],
    ]);
    expect(world.count('duplicate')).toBe(2);
  });

  it('counts each path for itself', () => {
    world.start('main', { pathCount: 2 });
    world.start('aux', { pathCount: 2 });
    world.heartbeats(2, BOTH);
    world.delivered.length = 0;
    world.send('main', 'aux', 'twice');
    world.advance(RTT_MS);
    expect(world.delivered.map(({ path }) => path)).toEqual([0, 1]);
  });

  it('stays heard when only the way back is cut, for as long as that lasts', () => {
    talking();
    world.loses = ({ from }) => from === 'aux';
    world.delivered.length = 0;
    world.heartbeats(50, BOTH);
    expect(heard('aux')).toHaveLength(50);
    expect(heard('main')).toHaveLength(0);
    world.loses = () => false;
    world.heartbeats(3, BOTH);
    expect(heard('main')).toHaveLength(3);
    expect(heard('aux')).toHaveLength(53);
  });

  it('greets no one while heartbeats flow', () => {
    talking();
    world.history.length = 0;
    world.heartbeats(50, BOTH);
    expect(world.history.filter(({ packet }) => packet.kind !== 'message')).toEqual([]);
  });

  it('finds itself again when one side forgot the other without a restart', () => {
    talking();
    world.session('aux').setPeers([]);
    world.session('aux').setPeers(['main']);
    world.heartbeats(1, BOTH);
    world.delivered.length = 0;
    world.heartbeats(2, BOTH);
    expect(heard('aux')).toHaveLength(2);
    expect(heard('main')).toHaveLength(2);
  });
});

describe('whoever records and replays', () => {
  it('is not heard in the session, across a restart of the sender, or across one of the receiver', () => {
    talking();
    const recorded = [...world.history];
    const replayAll = () => {
      world.delivered.length = 0;
      for (const flight of recorded) world.arrive(flight);
      world.advance(RTT_MS * 4);
      expect(world.delivered).toEqual([]);
    };
    replayAll();
    world.start('main');
    replayAll();
    world.start('aux');
    replayAll();
    world.heartbeats(5, BOTH);
    replayAll();
  });

  it('gets one small answer a greeting, and the same challenge for all of them', () => {
    talking();
    const greeting = world.history.find(({ packet, host }) => packet.kind === 'greeting' && host === 'aux')!;
    world.history.length = 0;
    for (let i = 0; i < 1_000; i += 1) world.arrive(greeting);
    expect(world.history).toHaveLength(1_000);
    expect(new Set(world.history.map(({ packet }) => packet.senderNonce)).size).toBe(1);
  });

  it('does not disturb a session, nor the opening of one, with old greetings', () => {
    talking();
    const greetings = world.history.filter(
      ({ packet, host }) => packet.kind === 'greeting' && host === 'aux',
    );
    const attack = () => {
      for (const flight of greetings) world.arrive(flight);
    };
    world.start('main');
    attack();
    world.send('main', 'aux', 'back');
    world.advance(RTT_MS / 2);
    attack();
    world.advance(RTT_MS / 2);
    attack();
    world.delivered.length = 0;
    world.advance(RTT_MS / 2);
    attack();
    expect(heard('aux')).toEqual(['back']);
    world.delivered.length = 0;
    for (let i = 0; i < 3; i += 1) {
      attack();
      world.heartbeats(1, BOTH);
    }
    expect(heard('aux')).toHaveLength(3);
    expect(heard('main')).toHaveLength(3);
  });

  it('cannot bring back an earlier life with a message that was held up while the node restarted', () => {
    world.start('aux');
    world.start('main');
    world.send('main', 'aux', 'of the first life');
    world.loses = ({ packet }) => packet.kind === 'message' && packet.sender === 'main';
    world.advance(RTT_MS * 4);
    const heldUp = world.history.find(({ packet }) => packet.kind === 'message' && packet.sender === 'main')!;
    world.loses = () => false;
    world.start('main');
    world.heartbeats(2, BOTH);
    world.delivered.length = 0;
    world.arrive(heldUp);
    expect(world.delivered).toEqual([]);
  });

  it('cannot bring it back with an answer to our greeting either, nor divert what we send', () => {
    world.start('main');
    world.loses = ({ packet, from }) => from === 'main' && packet.kind === 'challenge';
    world.start('aux');
    world.advance(RTT_MS);
    const heldUp = world.history.find(
      ({ packet }) => packet.kind === 'challenge' && packet.sender === 'main',
    )!;
    world.start('main');
    world.heartbeats(1, BOTH);
    world.arrive(heldUp);
    world.loses = () => false;
    world.delivered.length = 0;
    world.heartbeats(1, BOTH);
    expect(heard('main')).toHaveLength(1);
    expect(world.count('unexpected-challenge')).toBe(1);
  });

  it('cannot answer for a dead life the challenge that we gave it, once the next life was heard', () => {
    world.start('aux');
    world.start('main');
    world.send('main', 'aux', 'of the first life');
    world.loses = ({ packet }) => packet.kind === 'message' && packet.sender === 'main';
    world.advance(RTT_MS * 2);
    const heldUp = world.history.find(({ packet }) => packet.kind === 'message' && packet.sender === 'main')!;
    // The second life is heard under the session that aux opened; its own greetings never arrive.
    world.loses = ({ packet, from }) => from === 'main' && packet.kind === 'greeting';
    world.start('main');
    world.heartbeats(5, BOTH);
    expect(heard('aux').length).toBeGreaterThan(0);
    world.delivered.length = 0;
    world.arrive(heldUp);
    expect(world.delivered).toEqual([]);
  });

  it('gets a new challenge for every session that was opened', () => {
    talking();
    world.session('main').setPeers([]);
    world.session('main').setPeers(['aux']);
    world.heartbeats(3, BOTH);
    const { packet, host, from, dueMs } = world.history.find(
      (flight) => flight.packet.kind === 'greeting' && flight.host === 'aux',
    )!;
    const messages = world.history.filter(
      (flight) => flight.packet.kind === 'message' && flight.from === 'aux',
    );
    const used = new Set(messages.map((flight) => flight.packet.senderNonce));
    world.history.length = 0;
    world.arrive({ packet, host, from, dueMs });
    expect(world.history[0]?.packet.kind).toBe('challenge');
    expect(used.has(world.history[0]!.packet.senderNonce)).toBe(false);
  });

  it('cannot open a session with a challenge that is older than deadtime', () => {
    world.start('aux');
    world.start('main');
    world.send('main', 'aux', 'late');
    world.loses = ({ packet }) => packet.kind === 'message';
    world.advance(RTT_MS * 2);
    const late = world.history.find(({ packet }) => packet.kind === 'message')!;
    world.advance(DEADTIME_MS);
    world.arrive(late);
    expect(world.delivered).toEqual([]);
    expect(world.count('stale-session')).toBe(1);
  });
});

describe('a name on two instances', () => {
  it('stays with the living one; the newcomer is told by whom, after a deadtime of refusals', () => {
    talking();
    const startMs = world.nowMs;
    world.start('main', { host: 'newcomer' });
    world.delivered.length = 0;
    world.heartbeats(12, [...BOTH, ['newcomer', 'aux']]);
    const told = world.outputs.filter((each) => each.type === 'name-taken');
    expect(told[0]).toMatchObject({ at: 'newcomer', takenBy: 'i-main', saidBy: 'aux' });
    const refusedAtMs = (host: string) => world.session(host).status()[0]?.refusedAtMs ?? null;
    expect(refusedAtMs('newcomer')).toBeGreaterThan(world.nowMs - DEADTIME_MS);
    expect(refusedAtMs('main')).toBeNull();
    expect(world.outputs.some(({ type, at }) => type === 'name-taken' && at !== 'newcomer')).toBe(false);
    expect(world.outputs).toContainEqual(
      expect.objectContaining({ type: 'impostor', at: 'aux', instanceId: 'i-newcomer', incumbent: 'i-main' }),
    );
    expect(heard('aux').every((payload) => payload.startsWith('main'))).toBe(true);
    expect(heard('aux')).toHaveLength(12);
    expect(world.nowMs - startMs).toBeGreaterThan(DEADTIME_MS);
  });

  it('passes to a replacement when the predecessor has been silent for deadtime', () => {
    talking();
    world.kill('main');
    // The replacement got the address of the old machine.
    const incarnation = world.start('main', { instanceId: 'i-replacement' });
    world.delivered.length = 0;
    world.heartbeats(9, BOTH);
    expect(heard('aux')).toEqual([]);
    world.heartbeats(4, BOTH);
    expect(world.delivered.find(({ to }) => to === 'aux')?.incarnation).toBe(incarnation);
    expect(world.outputs.some(({ type }) => type === 'name-taken')).toBe(false);
  });

  it('is a restart when the instance is the same: accepted at once', () => {
    talking();
    world.start('main', { instanceId: 'i-main' });
    world.delivered.length = 0;
    world.heartbeats(1, BOTH);
    expect(heard('aux')).toHaveLength(1);
  });

  it('is not believed taken on the word of an old refusal', () => {
    talking();
    world.start('main', { host: 'newcomer' });
    world.heartbeats(2, [...BOTH, ['newcomer', 'aux']]);
    const refusal = world.history.find(({ packet }) => packet.kind === 'rejection')!;
    world.start('main', { host: 'newcomer' });
    world.advance(DEADTIME_MS * 2);
    world.arrive(refusal);
    expect(world.outputs.some(({ type }) => type === 'name-taken')).toBe(false);
    expect(world.count('unexpected-rejection')).toBe(1);
  });
});

describe('a stranger', () => {
  it.each([
    ['unknown-sender', { sender: 'stranger' }],
    ['unknown-sender', { sender: 'aux', receiver: 'aux' }],
    ['wrong-receiver', { receiver: 'third' }],
    ['wrong-path', { path: 1 }],
  ])('gets no answer: %s', (reason, change) => {
    talking();
    const { packet } = world.history.find((flight) => flight.host === 'aux')!;
    const outputs = world.session('aux').receive(world.nowMs, { ...packet, ...change });
    expect(outputs).toEqual([{ type: 'dropped', reason }]);
  });
});
