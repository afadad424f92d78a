import type { ControlClient } from '../control/client.ts';

export interface Terminal {
  /** As it is now: a window may be resized. */
  readonly size: () => { readonly rows: number; readonly columns: number };
}

/** Everything that a command needs of its process, so that a test can run it without one. */
export interface CliIo {
  /** Complete lines, with their newline. */
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** What standard output is; null: a file or a pipe, or one that only prints. */
  readonly terminal: Terminal | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readStdin: () => Promise<Uint8Array>;
  /** Aborted by Ctrl-C and SIGTERM from now on, which end the process by themselves until this was called. */
  readonly interrupted: () => AbortSignal;
  readonly connect: (socketPath: string) => ControlClient;
  /** Runs the daemon until it ends, and gives its exit code. */
  readonly runDaemon: (options: { readonly configPath: string }) => Promise<number>;
  /** The same of the guard of exclusive groups. */
  readonly runGuard: (options: { readonly directory: string }) => Promise<number>;
}
