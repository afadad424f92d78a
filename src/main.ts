/** The composition root: the only place that ends the process, and that hands out its signals and streams. */
// First: what follows needs what it asks for.
import './least-node.ts';
import process from 'node:process';
import type { Terminal } from './cli/cli-io.ts';
import { runCli } from './cli/program.ts';
import { version } from './cli/version.ts';
import { ControlClient } from './control/client.ts';
import { runGuard } from './guard/run-guard.ts';
// Not on demand: what a bundler loads on demand it cannot shake, which costs the daemon 22 MB and 80 ms.
import { runDaemon } from './runtime/daemon.ts';

// `eipkeeper status | head -1` closes the pipe; that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

function terminalOf({ isTTY }: { readonly isTTY?: boolean }, { TERM }: NodeJS.ProcessEnv): Terminal | null {
  if (isTTY !== true || TERM === undefined || TERM === 'dumb') return null;
  // A terminal that does not know its size says 0.
  return { size: () => ({ rows: process.stdout.rows || 24, columns: process.stdout.columns || 80 }) };
}

/** No await outside of a function: the single executable is a script, and those have none. */
async function main(): Promise<void> {
  const exitCode = await runCli(process.argv.slice(2), {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    terminal: terminalOf(process.stdout, process.env),
    env: process.env,
    readStdin: async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
      return Buffer.concat(chunks);
    },
    interrupted: () => {
      const controller = new AbortController();
      process.once('SIGINT', () => controller.abort()).once('SIGTERM', () => controller.abort());
      return controller.signal;
    },
    connect: (path) => new ControlClient({ path }),
    runDaemon: ({ configPath }) =>
      runDaemon({ source: configPath, version, environment: process.env, signals: process }),
    runGuard: ({ directory }) => runGuard({ directory, signals: process }),
  });

  // What was written to a pipe may still be on its way.
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  process.exit(exitCode);
}

void main();
