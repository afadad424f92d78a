import { randomBytes, timingSafeEqual } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, chown, lstat, mkdir, open, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Who is at the other end of the control socket. Node cannot ask the kernel (SO_PEERCRED), so the client shows
 * it: the daemon names a file that does not exist yet and a random content; the client writes it, and the
 * owner of the file is who the client acts as. Only somebody who acts as that user can make such a file.
 *
 * What this proves and what not: a process with that user id took part, willingly, at this moment. It is a line
 * for the journal, not the gate: the gate is the mode of the socket. It says nothing of who is behind `sudo`,
 * and inside a user namespace it is the id that this daemon sees. A client that cannot write the file (another
 * mount namespace, a read-only file system) is served all the same and recorded as not known.
 */

export interface Challenge {
  readonly path: string;
  readonly content: string;
}

/** Beside the socket: "/run/eipkeeper/eipkeeper.sock.proofs". */
export const proofDirectoryOf = (socketPath: string): string => `${socketPath}.proofs`;

/**
 * Makes the directory afresh. Whoever may use the socket may make files in it, but neither list it nor remove
 * other people's (the sticky bit).
 */
export async function prepareProofDirectory(directory: string, gid: number | null): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { mode: 0o700 });
  if (gid !== null) await chown(directory, -1, gid);
  await chmod(directory, 0o1730);
}

export function newChallenge(directory: string): Challenge {
  return { path: join(directory, randomBytes(16).toString('hex')), content: randomBytes(32).toString('hex') };
}

/** The client's part. Returns whether the file was written; the daemon removes it. */
export async function answerChallenge({ path, content }: Challenge, socketPath: string): Promise<boolean> {
  // A path anywhere else would let whoever listens there write a file under the user's name.
  if (dirname(path) !== proofDirectoryOf(socketPath) || !/^[0-9a-f]{64}$/.test(content)) return false;
  try {
    const file = await open(
      path,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      await file.writeFile(content);
      // Readable for a daemon that does not run as root; the content is of no use once it was compared.
      await file.chmod(0o644);
    } finally {
      await file.close();
    }
    return true;
  } catch {
    return false;
  }
}

/** The daemon's part: the user id that wrote the file, or null when that is not proven. Removes the file. */
export async function verifyChallenge({ path, content }: Challenge): Promise<number | null> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      // A second name would be a link to somebody else's file; a file that others may write is nobody's word.
      if (!stat.isFile() || stat.nlink !== 1 || (stat.mode & 0o022) !== 0 || stat.size !== content.length)
        return null;
      const written = Buffer.alloc(content.length);
      const { bytesRead } = await file.read(written, 0, written.length, 0);
      if (bytesRead !== content.length || !timingSafeEqual(written, Buffer.from(content))) return null;
      return stat.uid;
    } finally {
      await file.close();
    }
  } catch {
    return null;
  } finally {
    await unlink(path).catch(() => {});
  }
}

/** Whether the client can be asked at all. */
export async function isProofDirectoryReady(directory: string): Promise<boolean> {
  try {
    return (await lstat(directory)).isDirectory();
  } catch {
    return false;
  }
}
