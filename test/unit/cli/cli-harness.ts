import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CliIo } from '../../../src/cli/cli-io.ts';
import { runCli } from '../../../src/cli/program.ts';
import { ControlClient } from '../../../src/control/client.ts';
import { ControlServer } from '../../../src/control/server.ts';
import { FakeHandler } from '../control/fake-handler.ts';

export interface CliRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line against a real control server with a daemon of the test's making behind it. */
export class CliHarness {
  readonly handler = new FakeHandler();
  readonly interrupt = new AbortController();
  readonly daemonRuns: string[] = [];
  stdin: Uint8Array = new Uint8Array();
  env: Record<string, string> = {};
  terminal: CliIo['terminal'] = null;
  connect: CliIo['connect'] = (path) => new ControlClient({ path, patienceMs: 2_000 });
  stdout = '';
  directory = '';
  socket = '';
  #server: ControlServer | null = null;

  async start(): Promise<void> {
    this.directory = await mkdtemp(join(tmpdir(), 'eipkeeper-cli-'));
    this.socket = join(this.directory, 'eipkeeper.sock');
    this.#server = new ControlServer({ path: this.socket, group: null, node: 'main', handler: this.handler });
    await this.#server.start();
  }

  async stopDaemon(): Promise<void> {
    await this.#server?.close();
  }

  async close(): Promise<void> {
    await this.stopDaemon();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Runs a command that talks to the daemon of this harness. */
  ask(...argv: readonly string[]): Promise<CliRun> {
    return this.run(...argv, '--socket', this.socket);
  }

  async run(...argv: readonly string[]): Promise<CliRun> {
    let stderr = '';
    this.stdout = '';
    const io: CliIo = {
      stdout: (text) => {
        this.stdout += text;
      },
      stderr: (text) => {
        stderr += text;
      },
      terminal: this.terminal,
      env: this.env,
      readStdin: async () => this.stdin,
      interrupted: () => this.interrupt.signal,
      connect: this.connect,
      runGuard: async () => 0,
      runDaemon: async ({ configPath }) => {
        this.daemonRuns.push(configPath);
        return 78;
      },
    };
    const exitCode = await runCli(argv, io);
    return { exitCode, stdout: this.stdout, stderr };
  }
}
