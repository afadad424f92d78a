import type { PackageSource } from './input.ts';
import { UserDataError } from './user-data-error.ts';

/**
 * "s3://bucket/eipkeeper.rpm", "https://host/eipkeeper.deb" or "npm:eipkeeper@1.2.3". Throws UserDataError.
 */
export function parsePackageSource(text: string, sha256?: string): PackageSource {
  const sum = sha256 === undefined ? {} : { sha256 };
  const object = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/.exec(text);
  if (object !== null) return { kind: 's3', bucket: object[1]!, key: object[2]!, ...sum };
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return { kind: 'url', url: text, ...sum };
  if (/^npm:[a-z0-9@]/.test(text)) {
    if (sha256 !== undefined) throw new UserDataError('npm compares packages by itself: leave --sha256 out');
    return { kind: 'npm', specifier: text.slice('npm:'.length) };
  }
  throw new UserDataError(
    `${JSON.stringify(text)} is no place of a package: give s3://bucket/key, a URL, or npm:eipkeeper@1.2.3`,
  );
}
