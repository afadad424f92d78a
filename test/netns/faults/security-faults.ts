import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Authenticator } from '../../../src/wire/authenticator.ts';
import { packetsIn } from '../../../src/wire/capture.ts';
import { decodePacket, encodePacket } from '../../../src/wire/packet.ts';
import { AUX_TAKES_OVER, NOTHING_HAPPENS } from './expectations.ts';
import type { Fault } from './fault.ts';
import type { FaultWorld } from './fault-world.ts';
import type { ConfigDocument } from './setups.ts';
import { replay } from './support/replay.ts';
import { sniff } from './support/sniffer.ts';

/** The heartbeats of main to aux of so long, as a sniffer beside the receiver has them. */
async function heartbeatsOfMain(world: FaultWorld, forMs: number): Promise<Uint8Array[]> {
  const [source] = world.node('main').addresses;
  const capture = await sniff(world.node('aux'), `udp and src host ${source}`);
  await world.sleep(forMs);
  await capture.stop();
  const datagrams = packetsIn(await readFile(capture.path));
  world.check(datagrams.length >= forMs / 200, `only ${datagrams.length} heartbeats were sniffed`);
  return datagrams;
}

async function replayFrom(world: FaultWorld, from: string, datagrams: readonly Uint8Array[], everyMs = 20) {
  const replayer = await replay(datagrams, { from: world.node(from), to: world.node('aux'), everyMs });
  world.onHeal(async () => {
    replayer.signal('SIGKILL');
    await replayer.exited;
  });
}

/** Of a leader that lives: what it said is said again, twenty times as often as it speaks itself. */
async function replayInSession(world: FaultWorld): Promise<void> {
  const datagrams = await heartbeatsOfMain(world, 2_000);
  await replayFrom(world, 'stranger', datagrams, 5);
  await world.sleep(4_000);
  world.check(world.termsCreated().length === 0, 'replays led to a new term');
  await world.countAlarms();
  world.check(world.counted['taken for dead'] === 0, 'replays made a node look dead');
}

/** The dangerous one: a dead leader whose heartbeats go on must not keep the standby from taking over. */
async function replayOfTheDead(world: FaultWorld): Promise<void> {
  const datagrams = await heartbeatsOfMain(world, 2_000);
  await replayFrom(world, 'stranger', datagrams, 20);
  await world.killNode('main');
  await world.untilLeads('aux');
  await world.sleep(1_500);
  world.check((await world.group('aux')).role === 'leading', 'the new leader was talked out of it');
}

async function replayAfterRestart(world: FaultWorld, who: 'main' | 'aux'): Promise<void> {
  const datagrams = await heartbeatsOfMain(world, 1_500);
  await replayFrom(world, 'stranger', datagrams, 10);
  await world.killDaemon(who);
  await world.startDaemon(who);
  await world.rest();
  await world.sleep(2_000);
  const owners = new Set(world.termsCreated());
  world.check(!owners.has('aux'), 'replays led to a term of the standby');
}

/** The captured heartbeats with every bit of their bodies turned in turn, and signed with a key of one's own. */
async function forge(world: FaultWorld): Promise<void> {
  const datagrams = await heartbeatsOfMain(world, 1_500);
  const forger = new Authenticator({ current: randomBytes(32), previous: null });
  const damaged = datagrams.map((bytes, index) => {
    const copy = Buffer.from(bytes);
    const at = 40 + ((index * 7) % (copy.length - 40));
    copy[at] = copy[at]! ^ 0x40;
    return copy;
  });
  const resigned = datagrams.flatMap((bytes) => {
    const decoded = decodePacket(bytes);
    if (!decoded.ok || decoded.packet.kind !== 'message') return [];
    return [encodePacket({ ...decoded.packet, sequence: decoded.packet.sequence + 1_000_000 }, forger)];
  });
  const noise = Array.from({ length: 50 }, (_, index) => randomBytes(1 + index * 20));
  world.check(resigned.length > 0, 'nothing to forge from');
  await replayFrom(world, 'stranger', [...damaged, ...resigned, ...noise], 5);
  await world.sleep(4_000);
  await world.heal();
  world.check(world.termsCreated().length === 0, 'a forgery led to a new term');
  world.check((await world.logLines('aux', /wrong signature/)) > 0, 'the forgeries did not arrive');
}

async function rotateKeys(world: FaultWorld): Promise<void> {
  const newKey = join(world.cluster.topology.directory, 'new-key');
  await writeFile(newKey, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  const steps: ((document: ConfigDocument) => void)[] = [
    (document) => {
      document.previousKey = { file: newKey };
    },
    (document) => {
      document.previousKey = document.key;
      document.key = { file: newKey };
    },
    (document) => {
      delete document.previousKey;
    },
  ];
  for (const step of steps) {
    for (const name of ['aux', 'main']) {
      await world.rewriteConfig(name, step);
      await world.order(name, { type: 'reload' });
      await world.sleep(700);
    }
  }
  await world.sleep(1_500);
  world.check(world.termsCreated().length === 0, 'the rotation led to a new term');
}

/** The third machine takes itself for aux: its own address stands in its own file. */
async function secondAux(world: FaultWorld): Promise<void> {
  const stranger = world.node('stranger');
  await world.rewriteConfig('stranger', (document) => {
    document.nodes.aux = { address: stranger.addresses[0]! };
  });
  const daemon = await world.startDaemon('stranger');
  const code = await Promise.race([daemon.exited, world.sleep(40_000).then(() => 'still running')]);
  world.check(code === 78, `the newcomer's exit: ${code}`);
  world.check((await world.group('aux')).role === 'standby', 'the incumbent gave way');
  await world.until('the alarm', async () => (await world.logLines('main', /second instance/)) > 0);
  await world.rest();
}

async function restartInTurn(world: FaultWorld): Promise<void> {
  for (const name of ['aux', 'main']) {
    await world.order(name, { type: 'stop', mode: 'hold' });
    await world.daemon(name).exited;
    await world.startDaemon(name);
    await world.rest();
  }
}

export const SECURITY_FAULTS: readonly Fault[] = [
  {
    number: '53',
    name: 'replay in a session: dropped',
    category: 'security',
    setup: 'stranger',
    expected: NOTHING_HAPPENS,
    script: replayInSession,
    leavesNoTrace: true,
    remark: 'captured by tcpdump and sent again by another machine, 200 a second, as in 54, 55 and 57',
  },
  {
    number: '57',
    name: 'forged: dropped',
    category: 'security',
    setup: 'stranger',
    expected: NOTHING_HAPPENS,
    script: forge,
    remark: 'damaged captures, captures signed anew with another key, and noise',
  },
  {
    number: '55',
    name: "replay across the receiver's restart: dropped",
    category: 'security',
    setup: 'stranger',
    expected: NOTHING_HAPPENS,
    script: (world) => replayAfterRestart(world, 'aux'),
    leavesNoTrace: true,
  },
  {
    number: '58',
    name: 'two nodes with one name: the newcomer refuses to start (78)',
    category: 'security',
    setup: 'stranger',
    expected: NOTHING_HAPPENS,
    // Leaves a trace: of what goes on, the daemon says a line a minute, and each run must see its own.
    script: secondAux,
  },
  {
    number: '56',
    name: 'key rotation: no move',
    category: 'security',
    setup: 'pair',
    expected: NOTHING_HAPPENS,
    script: rotateKeys,
    remark: 'three reloads of each node',
  },
  {
    number: '54',
    name: "replay across the sender's restart: dropped",
    category: 'security',
    setup: 'stranger-patient',
    expected: NOTHING_HAPPENS,
    script: (world) => replayAfterRestart(world, 'main'),
    leavesNoTrace: true,
    remark: 'd = 5 s, so that the restart itself moves nothing',
  },
  {
    number: '53b',
    name: 'replay of a dead leader: no delay of the takeover',
    category: 'security',
    setup: 'stranger',
    expected: AUX_TAKES_OVER,
    script: replayOfTheDead,
    remark: 'not of the catalogue: what a replay would be good for',
  },
  {
    number: '60',
    name: 'rolling upgrade: no move',
    category: 'security',
    setup: 'patient',
    expected: NOTHING_HAPPENS,
    script: restartInTurn,
    leavesNoTrace: true,
    remark: 'each node restarted under a hold; there is one version so far, so mixed ones are not covered',
  },
];
