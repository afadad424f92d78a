import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KeyReaders, loadKey, loadKeys } from '../../../src/config/key.ts';
import { formatKeyText, parseKey, parseKeyText } from '../../../src/config/key-text.ts';
import { changed, configuration } from './configuration-fixture.ts';

const BYTES = Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index));
const SECRET = BYTES.toString('base64');
const UID = process.getuid?.() ?? 0;
const READERS: KeyReaders = {
  env: {},
  uid: UID,
  readParameter: () => Promise.reject(new Error('not asked for')),
};

describe('a key', () => {
  it.each([
    ['base64', SECRET],
    ['base64 without padding', SECRET.replace('=', '')],
    ['the base64 of URLs', BYTES.toString('base64url')],
    ['hex', BYTES.toString('hex')],
    ['capital hex', BYTES.toString('hex').toUpperCase()],
    ['a line', `${SECRET}\n`],
  ])('is 32 bytes in %s', (_, text) => {
    expect(parseKey(text)).toEqual(BYTES);
  });

  it.each([
    ['nothing', ''],
    ['a word', 'secret'],
    ['31 bytes', BYTES.subarray(1).toString('base64')],
    ['33 bytes', Buffer.concat([BYTES, BYTES.subarray(0, 1)]).toString('base64')],
    ['63 digits', BYTES.toString('hex').slice(1)],
    ['two keys', `${SECRET}\n${SECRET}`],
  ])('is not %s', (_, text) => {
    expect(parseKey(text)).toBeNull();
  });
});

describe('a key file', () => {
  let directory = '';
  let path = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eipkeeper-key-'));
    path = join(directory, 'key');
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const load = () => loadKey({ kind: 'file', path }, 'key', READERS);

  it.each([0o600, 0o400])('is read when only its owner can, mode %i', async (mode) => {
    await writeFile(path, SECRET, { mode });
    expect(await load()).toEqual(BYTES);
  });

  it.each([0o640, 0o604, 0o620, 0o601])(
    'is refused with the chmod when others can use it, mode %i',
    async (mode) => {
      await writeFile(path, SECRET);
      await chmod(path, mode);
      await expect(load()).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: `${path}: key: has mode 0${mode.toString(8)}, so others than its owner can use the key: chmod 600 ${path}`,
      });
    },
  );

  it.skipIf(UID !== 0)('is refused when it belongs to somebody else', async () => {
    await writeFile(path, SECRET, { mode: 0o600 });
    await chown(path, 1234, 1234);
    await expect(load()).rejects.toThrow(
      `${path}: key: belongs to uid 1234, who could change it: chown root ${path}`,
    );
  });

  it('is refused when it is a directory', async () => {
    path = directory;
    await expect(load()).rejects.toThrow('is not a regular file');
  });

  it('that is missing names the command that makes one', async () => {
    await expect(load()).rejects.toThrow(
      `there is no such file: make one with "eipkeeper keygen --output ${path}"`,
    );
  });

  it('with something else in it is refused without a word of what is in it', async () => {
    await writeFile(path, 'hunter2', { mode: 0o600 });
    const refusal = await load().catch((error: Error) => error.message);
    expect(refusal).toContain('is not 32 bytes in base64 or hex');
    expect(refusal).not.toContain('hunter2');
  });
});

describe('a key from elsewhere', () => {
  it('may be in the environment', async () => {
    const source = { kind: 'env', variable: 'EIPKEEPER_KEY' } as const;
    expect(await loadKey(source, 'key', { ...READERS, env: { EIPKEEPER_KEY: SECRET } })).toEqual(BYTES);
    await expect(loadKey(source, 'key', READERS)).rejects.toThrow('$EIPKEEPER_KEY: key: is not set');
  });

  it('may be a parameter, which is read decrypted', async () => {
    const readParameter = async (name: string, { decrypt }: { readonly decrypt: boolean }) =>
      name === '/eipkeeper/web/key' && decrypt ? SECRET : '';
    expect(
      await loadKey({ kind: 'ssm', name: '/eipkeeper/web/key' }, 'key', { ...READERS, readParameter }),
    ).toEqual(BYTES);
  });

  it('that the role may not read is refused with the permissions it needs', async () => {
    const readParameter = () => Promise.reject(new Error('AccessDeniedException'));
    await expect(
      loadKey({ kind: 'ssm', name: '/k' }, 'previousKey', { ...READERS, readParameter }),
    ).rejects.toThrow(
      /^ssm:\/k: previousKey: could not be read: AccessDeniedException; .*ssm:GetParameter.*kms:Decrypt/,
    );
  });

  it('comes with the one before it while keys are rotated', async () => {
    const text = changed('key: { file: /etc/eipkeeper/key }', 'key: { env: NEW }\npreviousKey: { env: OLD }');
    const old = Buffer.alloc(32, 7);
    const env = { NEW: SECRET, OLD: old.toString('hex') };
    expect(await loadKeys(configuration(text).file, { ...READERS, env })).toEqual({
      current: BYTES,
      previous: old,
    });
  });
});

describe('a key that is being changed', () => {
  const OTHER = Buffer.alloc(32, 7);

  it.each(['next', 'previous'] as const)('is written and read with its %s', (is) => {
    const text = { current: Buffer.from(BYTES), other: { is, key: OTHER } };
    expect(parseKeyText(formatKeyText(text))).toEqual(text);
    expect(parseKeyText(formatKeyText({ ...text, other: null }))).toEqual({ ...text, other: null });
  });

  it.each([
    ['a second line without a word', `${SECRET}\n${SECRET}`],
    ['another word', `${SECRET}\nlast ${SECRET}`],
    ['no key behind the word', `${SECRET}\nnext`],
    ['a third line', `${SECRET}\nnext ${SECRET}\nnext ${SECRET}`],
  ])('is refused with %s', (_what, text) => {
    expect(parseKeyText(text)).toBeNull();
  });

  it('has its second one accepted, and no third', async () => {
    const text = formatKeyText({ current: Buffer.from(BYTES), other: { is: 'next', key: OTHER } });
    const readers = { ...READERS, readParameter: () => Promise.resolve(text) };
    const key = { kind: 'ssm', name: '/k' } as const;
    const { file } = configuration();
    expect(await loadKeys({ ...file, key }, readers)).toEqual({ current: BYTES, previous: OTHER });
    await expect(loadKeys({ ...file, key, previousKey: key }, readers)).rejects.toThrow(
      'holds a second key already',
    );
  });
});
