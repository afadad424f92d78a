import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatKeyText, KEY_BYTES, type KeyText, parseKeyText } from '../config/key-text.ts';
import type { ControlClient } from '../control/client.ts';
import { EXIT } from '../control/exit-codes.ts';
import type { StatusSnapshot } from '../control/status-snapshot.ts';
import type { KeyStore } from '../runtime/key-store.ts';
import { Authenticator } from '../wire/authenticator.ts';
import { fingerprint } from '../wire/key-agreement.ts';
import { CliError } from './cli-error.ts';

export interface Rotation {
  readonly store: KeyStore;
  readonly client: ControlClient;
  /** The other nodes that the configuration names and that must agree at each step. */
  readonly peers: readonly string[];
  /** An address of a node, for what is to be typed. */
  readonly addressOf: (node: string) => string;
  /** Aborted when the time is over, or the operator gives up. */
  readonly signal: AbortSignal;
  /** Aborted only by the operator. */
  readonly interrupted: AbortSignal;
  readonly say: (sentence: string) => void;
}

const THIS_NODE = 'this node';
const LOOK_EVERY_MS = 250;
/** As long as a status remembers that it heard something signed with an unknown key, and a bit. */
const QUIET_MS = 6_000;

type Keys = NonNullable<StatusSnapshot['keys']>;

/**
 * Gives the cluster a new key, one step after the other, none before every node has shown that it is ready for it:
 * accepted by all, used by all, the old one dropped. Where a change stands is written where the key is, so what
 * was interrupted goes on. Throws CliError; nobody is deaf to anybody then.
 */
export async function rotateKey(rotation: Rotation): Promise<void> {
  const { store, say } = rotation;
  let text = await readText(store);
  const begun = begunStep(text, await requireAgreement(rotation, text), rotation);
  if (begun !== null) {
    say(
      begun === 'listen'
        ? 'a node speaks with another key: it is waited for'
        : 'a change was begun before, and goes on',
    );
    tellToCopy(rotation);
  }
  if (begun === 'drop') return dropOld(rotation, text.current);
  if (begun === 'listen') {
    await dropOld(rotation, text.current);
    throw new CliError(
      'no new key was made: a node spoke with another one, as at the end of a change that was interrupted; now none does, so type it again for a new key',
      EXIT.tryAgain,
    );
  }
  if (text.other === null) {
    const key = newKey(text.current);
    say(`step 1 of 3: the new key ${hintOf(key)} is accepted as well`);
    text = { current: text.current, other: { is: 'next', key } };
    await write(rotation, text);
  }
  if (text.other?.is === 'next') {
    const { key } = text.other;
    await apply(rotation, `accept ${hintOf(key)}`, (keys, others) => [
      ...(keys.other === hintOf(key) ? [] : [THIS_NODE]),
      ...others.filter(({ acceptsOther }) => !acceptsOther).map(({ node }) => node),
    ]);
    say(`step 2 of 3: ${hintOf(key)} signs, ${hintOf(text.current)} is still accepted`);
    text = { current: key, other: { is: 'previous', key: text.current } };
    await write(rotation, text);
  }
  const used = hintOf(text.current);
  await apply(rotation, `sign with ${used}`, (keys, others) => strangers(used, keys, others));
  say('step 3 of 3: the old key is dropped');
  await write(rotation, { current: text.current, other: null });
  await dropOld(rotation, text.current);
}

/** Which of the other nodes still has the old key, no status tells: only that something is signed with it. */
async function dropOld(rotation: Rotation, current: Uint8Array): Promise<void> {
  const used = hintOf(current);
  let quietSinceMs = Number.POSITIVE_INFINITY;
  await apply(rotation, 'drop the old key', (keys) => {
    const isDropped = keys.signing === used && keys.other === null;
    const isQuiet = isDropped && !keys.unknownSeen;
    quietSinceMs = isQuiet ? Math.min(quietSinceMs, performance.now()) : Number.POSITIVE_INFINITY;
    if (!isDropped) return [THIS_NODE];
    return performance.now() - quietSinceMs > QUIET_MS ? [] : ['a node, it is not known which,'];
  });
}

/** What would be done, one line each. Changes nothing. Throws CliError. */
export async function rotationPlan(rotation: Rotation): Promise<readonly string[]> {
  const { store, peers, client } = rotation;
  const text = await readText(store);
  const begun = begunStep(text, keysOf(await client.status()), rotation);
  const nodes = [THIS_NODE, ...peers].join(' and ');
  const where = store.shared
    ? `write it to ${store.place}`
    : `write it to ${store.place} here, and wait until it was copied to ${peers.join(', ')}`;
  const steps = [
    `make a new key, accepted beside ${hintOf(text.current)}: ${where}; go on when ${nodes} accept it`,
    `let the new key sign, the old one still accepted: the same way; go on when ${nodes} sign with it`,
    'drop the old key: the same way',
  ];
  if (begun === null) return steps;
  const wait = 'wait until every node has dropped the old key';
  if (begun === 'listen') return ['a node speaks with another key, as at the end of a change', wait];
  const left = begun === 'drop' ? [wait] : steps.slice({ accept: 1, sign: 2 }[begun]);
  return ['a change was begun before, and goes on here', ...left];
}

/**
 * What a change that was begun waits for. The last step leaves one key in the key's place: that it is not over
 * shows in a second key that this daemon has. One that another node greets with may be of such a change, or of a file
 * that is wrong there: `listen`. A node that is left out may speak with any key for ever.
 */
function begunStep(
  { other }: KeyText,
  keys: Keys,
  { peers }: Rotation,
): 'accept' | 'sign' | 'drop' | 'listen' | null {
  if (other !== null) return other.is === 'next' ? 'accept' : 'sign';
  if (keys.other !== null) return 'drop';
  const isAnyLeftOut = keys.peers.some(({ node }) => !peers.includes(node));
  return keys.unknownSeen && !isAnyLeftOut ? 'listen' : null;
}

/** Nothing is begun with a node that is not heard, or that has another key already. */
async function requireAgreement({ client, peers, store }: Rotation, text: KeyText): Promise<Keys> {
  const status = await client.status();
  const keys = keysOf(status);
  const offline = status.nodes.filter(({ state }) => state === 'offline').map(({ name }) => name);
  const isHeard = (peer: string) =>
    !offline.includes(peer) && keys.peers.some(({ node, signing }) => node === peer && signing !== null);
  const unheard = peers.filter((peer) => !isHeard(peer));
  if (unheard.length > 0) {
    throw new CliError(
      `nothing was changed: ${unheard.join(', ')} is not heard, and might be deaf afterwards; start eipkeeper there, or leave it out with --without ${unheard.join(' --without ')} if it is down for good`,
      EXIT.unsafe,
    );
  }
  const others = keys.peers.filter(({ node }) => peers.includes(node));
  const strange = text.other === null ? strangers(hintOf(text.current), keys, others) : [];
  if (strange.length === 0) return keys;
  throw new CliError(
    `nothing was changed: ${strange.join(', ')} signs with another key than ${store.place} holds, and might be deaf afterwards; bring all nodes to one key first (docs/key.md, "By hand")`,
    EXIT.unsafe,
  );
}

/** Who signs with another key than this one. */
const strangers = (hint: string, keys: Keys, others: Keys['peers']): readonly string[] => [
  ...(keys.signing === hint ? [] : [THIS_NODE]),
  ...others.filter(({ signing }) => signing !== hint).map(({ node }) => node),
];

async function write(rotation: Rotation, text: KeyText): Promise<void> {
  await rotation.store.write(formatKeyText(text));
  tellToCopy(rotation);
}

function tellToCopy({ store, peers, addressOf, say }: Rotation): void {
  if (store.shared) return;
  for (const peer of peers) {
    say(`  now copy it to ${peer}: sudo scp -p ${store.place} root@${addressOf(peer)}:${store.place}`);
  }
}

/**
 * Has this node read the key again; the others notice by themselves, once they see that there is another.
 * `missing` tells who is not ready.
 */
async function apply(
  rotation: Rotation,
  what: string,
  missing: (keys: Keys, others: Keys['peers']) => readonly string[],
): Promise<void> {
  const { client, peers, signal, say } = rotation;
  const { status, reason } = await client.command({ type: 'reload' });
  if (status !== 'done') throw new CliError(`this node does not read it again: ${reason}`, EXIT.error);
  for (;;) {
    const keys = keysOf(await client.status());
    const others = keys.peers.filter(({ node }) => peers.includes(node));
    const waitedFor = missing(keys, others);
    if (waitedFor.length === 0) return say(`  every node is seen to ${what}`);
    if (signal.aborted) throw standstill(rotation, what, waitedFor);
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

function standstill({ store, interrupted }: Rotation, what: string, waitedFor: readonly string[]): CliError {
  const still = 'the change stands still: everybody hears everybody meanwhile';
  if (interrupted.aborted) {
    return new CliError(
      `given up: not every node was seen to ${what}, so ${still}; "eipkeeper key rotate" goes on`,
      EXIT.error,
    );
  }
  const advice = store.shared ? 'see the logs of eipkeeper' : `copy ${store.place} to every node`;
  return new CliError(
    `${waitedFor.join(', ')} did not ${what} in time, so ${still}; ${advice}, then "eipkeeper key rotate" goes on`,
    EXIT.timeout,
  );
}

async function readText(store: KeyStore): Promise<KeyText> {
  const text = parseKeyText(await store.read());
  if (text !== null) return text;
  throw new CliError(`${store.place} holds no key: nothing was changed`, EXIT.misconfigured);
}

function keysOf({ keys }: StatusSnapshot): Keys {
  if (keys !== null) return keys;
  throw new CliError(
    'the daemon is of a version that does not tell of its keys: upgrade it first',
    EXIT.error,
  );
}

const hintOf = (key: Uint8Array): string =>
  fingerprint(new Authenticator({ current: key, previous: null }).hint);

/** One that can be told from the old one by its fingerprint. */
function newKey(old: Uint8Array): Uint8Array {
  for (;;) {
    const key = randomBytes(KEY_BYTES);
    if (hintOf(key) !== hintOf(old)) return key;
  }
}
