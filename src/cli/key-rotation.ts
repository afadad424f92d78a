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
  readonly signal: AbortSignal;
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
  await requireAgreement(rotation, text);
  if (text.other === null) {
    const key = newKey(text.current);
    say(`step 1 of 3: the new key ${hintOf(key)} is accepted as well`);
    text = { current: text.current, other: { is: 'next', key } };
    await write(rotation, text);
  } else say('a change was begun before, and goes on');
  if (text.other?.is === 'next') {
    const { key } = text.other;
    await apply(rotation, `accept ${hintOf(key)}`, (keys, others) => {
      return keys.other === hintOf(key) && others.every(({ acceptsOther }) => acceptsOther);
    });
    say(`step 2 of 3: ${hintOf(key)} signs, ${hintOf(text.current)} is still accepted`);
    text = { current: key, other: { is: 'previous', key: text.current } };
    await write(rotation, text);
  }
  const used = hintOf(text.current);
  await apply(rotation, `sign with ${used}`, (keys, others) => {
    return keys.signing === used && others.every(({ signing }) => signing === used);
  });
  say('step 3 of 3: the old key is dropped');
  await write(rotation, { current: text.current, other: null });
  let quietSinceMs = Number.POSITIVE_INFINITY;
  await apply(rotation, 'drop the old key', (keys) => {
    const isQuiet = keys.signing === used && keys.other === null && !keys.unknownSeen;
    quietSinceMs = isQuiet ? Math.min(quietSinceMs, performance.now()) : Number.POSITIVE_INFINITY;
    return performance.now() - quietSinceMs > QUIET_MS;
  });
}

/** What would be done, one line each. Changes nothing. Throws CliError. */
export async function rotationPlan({ store, peers }: Rotation): Promise<readonly string[]> {
  const { current, other } = await readText(store);
  const nodes = [THIS_NODE, ...peers].join(' and ');
  const where = store.shared
    ? `write it to ${store.place}`
    : `write it to ${store.place} here, and wait until it was copied to ${peers.join(', ')}`;
  const steps = [
    `make a new key, accepted beside ${hintOf(current)}: ${where}; go on when ${nodes} accept it`,
    `let the new key sign, the old one still accepted: the same way; go on when ${nodes} sign with it`,
    'drop the old key: the same way',
  ];
  if (other === null) return steps;
  return [`a change was begun before, and goes on here`, ...steps.slice(other.is === 'next' ? 1 : 2)];
}

/** Nothing is begun with a node that is not heard, or that has another key already. */
async function requireAgreement({ client, peers, store }: Rotation, text: KeyText): Promise<void> {
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
  if (strange.length === 0) return;
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

async function write({ store, peers, addressOf, say }: Rotation, text: KeyText): Promise<void> {
  await store.write(formatKeyText(text));
  if (store.shared) return;
  for (const peer of peers) {
    say(`  now copy it to ${peer}: sudo scp -p ${store.place} root@${addressOf(peer)}:${store.place}`);
  }
}

/** Has this node read the key again; the others notice by themselves, once they see that there is another. */
async function apply(
  rotation: Rotation,
  what: string,
  isDone: (keys: Keys, others: Keys['peers']) => boolean,
): Promise<void> {
  const { client, peers, signal, say, store } = rotation;
  const { status, reason } = await client.command({ type: 'reload' });
  if (status !== 'done') throw new CliError(`this node does not read it again: ${reason}`, EXIT.error);
  let missing: readonly string[] = [];
  while (!signal.aborted) {
    const keys = keysOf(await client.status());
    const others = keys.peers.filter(({ node }) => peers.includes(node));
    if (isDone(keys, others)) return say(`  every node is seen to ${what}`);
    missing = others.filter((peer) => !isDone(keys, [peer])).map(({ node }) => node);
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
  const who = missing.length === 0 ? THIS_NODE : missing.join(', ');
  const advice = store.shared ? `see the log of eipkeeper there` : `copy ${store.place} there`;
  throw new CliError(
    `${who} did not ${what} in time, so the change stands still: everybody hears everybody meanwhile; ${advice}, then "eipkeeper key rotate" goes on`,
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
