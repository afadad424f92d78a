import { chmod, chown, lstat, mkdir, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { groupId } from './group-id.ts';

/** The socket cannot be had; the message says what stands in its way and what to do. */
export class ControlSocketError extends Error {
  override readonly name = 'ControlSocketError';
  readonly code: 'SOCKET_IN_USE' | 'SOCKET_PATH_TAKEN' | 'SOCKET_GROUP_MISSING' | 'SOCKET_FAILED';

  constructor(code: ControlSocketError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface SocketFile {
  readonly path: string;
  /** The group that may use it; null: only root, or whoever runs the daemon. */
  readonly group: string | null;
}

/** The id of the group, or null without one. Throws when it is configured and does not exist. */
export async function socketGroupId({ path, group }: SocketFile): Promise<number | null> {
  if (group === null) return null;
  const gid = await groupId(group);
  if (gid !== null) return gid;
  throw new ControlSocketError(
    'SOCKET_GROUP_MISSING',
    `the group ${group} of the socket ${path} does not exist: make it with "groupadd --system ${group}", or remove socket.group`,
  );
}

/** Listens with mode 0660. A socket file that nobody listens on was left by a crash and is replaced. */
export async function listenOn(server: Server, { path }: SocketFile, gid: number | null): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await removeStale(path);
  } catch (error) {
    if (error instanceof ControlSocketError) throw error;
    throw failed(path, error as Error);
  }
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error) => reject(failed(path, error));
    server.once('error', fail);
    // The file is made inside listen(): closed to others from its first moment, then opened to the group.
    const umask = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.off('error', fail);
        resolve();
      });
    } finally {
      process.umask(umask);
    }
  });
  if (gid !== null) await chown(path, -1, gid);
  await chmod(path, 0o660);
}

const failed = (path: string, cause: Error): ControlSocketError =>
  new ControlSocketError(
    'SOCKET_FAILED',
    `cannot listen on ${path}: ${cause.message}; make its folder one that this user may write, or change socket.path`,
    { cause },
  );

async function removeStale(path: string): Promise<void> {
  try {
    const stat = await lstat(path);
    if (!stat.isSocket()) {
      throw new ControlSocketError(
        'SOCKET_PATH_TAKEN',
        `${path} exists and is no socket: remove it, or change socket.path`,
      );
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (await somebodyListens(path)) {
    throw new ControlSocketError(
      'SOCKET_IN_USE',
      `another eipkeeper listens on ${path}: stop it first (systemctl stop eipkeeper)`,
    );
  }
  await unlink(path);
}

function somebodyListens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Anything but "refused" (a full backlog, no permission) may be a living daemon: leave its socket alone.
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
}
