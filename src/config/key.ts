import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ConfigError, type ConfigErrorCode } from './config-error.ts';
import { KEY_BYTES, parseKey, parseKeyText } from './key-text.ts';
import type { ParameterReader } from './read-source.ts';
import type { ConfigurationFile, KeySource } from './schema.ts';

const MAX_KEY_TEXT_BYTES = 4096;

/** The secrets of the heartbeats: signed with `current`, accepted under either. */
export interface HeartbeatKeys {
  readonly current: Uint8Array;
  readonly previous: Uint8Array | null;
}

export interface KeyReaders {
  readonly readParameter: ParameterReader;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user that this process acts as. */
  readonly uid: number;
}

/**
 * Two may be valid at once: the second line of `key`, which `key rotate` writes, or `previousKey`. Throws
 * ConfigError; no message ever holds any part of a key.
 */
export async function loadKeys(file: ConfigurationFile, readers: KeyReaders): Promise<HeartbeatKeys> {
  const { place, text } = await readText(file.key, 'key', readers);
  const keys = parseKeyText(text);
  if (keys === null) throw noKey(place, 'key');
  const previous = keys.other?.key ?? null;
  if (file.previousKey === undefined) return { current: keys.current, previous };
  if (previous !== null) {
    const message = `holds a second key already, from "eipkeeper key rotate": leave previousKey out`;
    throw failure('CONFIG_INVALID', place, 'previousKey', message);
  }
  return { current: keys.current, previous: await loadKey(file.previousKey, 'previousKey', readers) };
}

/** The environment variables that hold keys: nobody but this daemon should see them. */
export function keyVariables({ key, previousKey }: Pick<ConfigurationFile, 'key' | 'previousKey'>): string[] {
  return [key, previousKey].flatMap((source) => (source?.kind === 'env' ? [source.variable] : []));
}

/** `setting` is the key of the configuration that is named in messages: "key", "previousKey". */
export async function loadKey(source: KeySource, setting: string, readers: KeyReaders): Promise<Uint8Array> {
  const { place, text } = await readText(source, setting, readers);
  const key = parseKey(text);
  if (key !== null) return key;
  throw noKey(place, setting);
}

function noKey(place: string, setting: string): ConfigError {
  const message = `is not ${KEY_BYTES} bytes in base64 or hex: make a key with "eipkeeper keygen", the same for all nodes`;
  return failure('CONFIG_INVALID', place, setting, message);
}

interface KeyText {
  /** Names where it was read, for messages. */
  readonly place: string;
  readonly text: string;
}

async function readText(source: KeySource, setting: string, readers: KeyReaders): Promise<KeyText> {
  switch (source.kind) {
    case 'file':
      return { place: source.path, text: await readKeyFile(source.path, setting, readers.uid) };
    case 'env': {
      const text = readers.env[source.variable];
      if (text !== undefined && text !== '') return { place: `$${source.variable}`, text };
      throw failure(
        'CONFIG_UNREADABLE',
        `$${source.variable}`,
        setting,
        'is not set in the environment of the daemon',
      );
    }
    case 'ssm': {
      const place = `ssm:${source.name}`;
      try {
        return { place, text: await readers.readParameter(source.name, { decrypt: true }) };
      } catch (error) {
        const message = `could not be read: ${(error as Error).message}; the role needs ssm:GetParameter on it, and kms:Decrypt for its key`;
        throw failure('CONFIG_UNAVAILABLE', place, setting, message, error);
      }
    }
  }
}

async function readKeyFile(path: string, setting: string, uid: number): Promise<string> {
  let file: FileHandle | null = null;
  try {
    // Not blocking: a pipe in the key's place must not hang the start. It is refused below.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    // The open file is judged, not the path: nobody can change it for another in between.
    const fault = faultOf(await file.stat(), path, uid);
    if (fault !== null) throw failure(fault.code, path, setting, fault.message);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_KEY_TEXT_BYTES), 0, MAX_KEY_TEXT_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw openFailure(error as NodeJS.ErrnoException, path, setting);
  } finally {
    await file?.close();
  }
}

function faultOf(stat: Stats, path: string, uid: number): { code: ConfigErrorCode; message: string } | null {
  if (!stat.isFile()) return { code: 'CONFIG_UNREADABLE', message: 'is not a regular file' };
  if (stat.uid !== 0 && stat.uid !== uid) {
    const message = `belongs to uid ${stat.uid}, who could change it: chown ${uid === 0 ? 'root' : String(uid)} ${path}`;
    return { code: 'CONFIG_INVALID', message };
  }
  if ((stat.mode & 0o077) !== 0) {
    const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
    const message = `has mode ${mode}, so others than its owner can use the key: chmod 600 ${path}`;
    return { code: 'CONFIG_INVALID', message };
  }
  return null;
}

function openFailure(error: NodeJS.ErrnoException, path: string, setting: string): ConfigError {
  switch (error.code) {
    case 'ENOENT':
      return failure(
        'CONFIG_UNREADABLE',
        path,
        setting,
        `there is no such file: make one with "eipkeeper keygen --output ${path}" and copy it to all nodes`,
        error,
      );
    case 'EACCES':
      return failure(
        'CONFIG_DENIED',
        path,
        setting,
        'must not be read by this user: it has to belong to the user of the daemon',
        error,
      );
    default:
      return failure('CONFIG_UNREADABLE', path, setting, `cannot be read: ${error.message}`, error);
  }
}

function failure(
  code: ConfigErrorCode,
  place: string,
  path: string,
  message: string,
  cause?: unknown,
): ConfigError {
  return new ConfigError(code, place, [{ line: null, path, message }], { cause });
}
