import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ConfigError, type ConfigErrorCode } from './config-error.ts';
import { MAX_CONFIG_BYTES } from './yaml-source.ts';

/** Reads one parameter's value from SSM Parameter Store; throws when it cannot. */
export type ParameterReader = (name: string, options: { readonly decrypt: boolean }) => Promise<string>;

const SSM_SCHEME = 'ssm:';

/** The bytes at a path or in a parameter. Throws ConfigError; never reads more than a configuration may have. */
export async function readSource(source: string, readParameter?: ParameterReader): Promise<Uint8Array> {
  return source.startsWith(SSM_SCHEME) ? readFromSsm(source, readParameter) : readFromFile(source);
}

async function readFromSsm(source: string, readParameter?: ParameterReader): Promise<Uint8Array> {
  const name = source.slice(SSM_SCHEME.length);
  if (!name.startsWith('/')) {
    throw failure(
      'CONFIG_INVALID',
      source,
      'name the parameter with its slash, like ssm:/eipkeeper/web/config',
    );
  }
  if (readParameter === undefined) {
    throw failure('CONFIG_UNAVAILABLE', source, 'this command reads no parameters: give it a file');
  }
  try {
    return Buffer.from(await readParameter(name, { decrypt: true }));
  } catch (error) {
    const reason = `could not be read from SSM: ${(error as Error).message}; check the name and that the role allows ssm:GetParameter on it`;
    throw failure('CONFIG_UNAVAILABLE', source, reason, error);
  }
}

async function readFromFile(path: string): Promise<Uint8Array> {
  let file: FileHandle | null = null;
  try {
    // Not blocking: a pipe in its place must not hang the start. It is refused below.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (stat.isDirectory()) throw failure('CONFIG_UNREADABLE', path, 'is a directory: name the file');
    if (!stat.isFile()) throw failure('CONFIG_UNREADABLE', path, 'is not a regular file');
    // One byte more than allowed is enough to know that it is too long.
    const buffer = Buffer.alloc(MAX_CONFIG_BYTES + 1);
    let filled = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, filled);
      filled += bytesRead;
      if (bytesRead === 0 || filled === buffer.length) break;
    }
    if (filled > MAX_CONFIG_BYTES) {
      throw failure(
        'CONFIG_INVALID',
        path,
        `is longer than the ${MAX_CONFIG_BYTES} bytes of a configuration`,
      );
    }
    return buffer.subarray(0, filled);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw fileFailure(path, error as NodeJS.ErrnoException);
  } finally {
    await file?.close();
  }
}

function fileFailure(path: string, error: NodeJS.ErrnoException): ConfigError {
  switch (error.code) {
    case 'ENOENT':
      return failure(
        'CONFIG_UNREADABLE',
        path,
        'there is no such file: write it, or name another with --config',
        error,
      );
    case 'EACCES':
    case 'EPERM':
      return failure(
        'CONFIG_DENIED',
        path,
        'must not be read by this user: use sudo, or change its owner or mode',
        error,
      );
    case 'ENOTDIR':
      return failure('CONFIG_UNREADABLE', path, 'part of this path is a file, not a directory', error);
    default:
      return failure('CONFIG_UNREADABLE', path, `cannot be read: ${error.message}`, error);
  }
}

function failure(code: ConfigErrorCode, source: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError(code, source, [{ line: null, path: '', message }], { cause });
}
