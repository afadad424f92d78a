import { DemoCluster } from './cluster/demo-cluster.ts';
import { type DemoArguments, demoArguments, USAGE } from './demo-arguments.ts';
import { runLive } from './live/run-live.ts';
import { runScript } from './story/run-script.ts';
import { isColoured, type Line, paint } from './style.ts';

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const EXIT_USAGE = 64;

/** Runs until the story or the user ends it, takes everything down, and resolves with the exit code. */
export async function runDemo(host: NodeJS.Process): Promise<number> {
  const settings = readArguments(host);
  if (typeof settings === 'number') return settings;
  const cluster = new DemoCluster({ profile: settings.profile });
  const ended = Promise.withResolvers<number>();
  const crash = (error: unknown): void => {
    host.stderr.write(
      `the demo failed: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`,
    );
    ended.resolve(1);
  };
  for (const [signal, code] of Object.entries(SIGNALS)) host.on(signal, () => ended.resolve(code));
  host.on('uncaughtException', crash);
  host.on('unhandledRejection', crash);
  host.on('exit', () => cluster.killNow());
  // The reader of a pipe has gone, `| head`: there is nobody left to play for.
  host.stdout.on('error', () => ended.resolve(1));
  const coloured = isColoured(host.stdout, host.env);
  const print = (line: Line): void => {
    host.stdout.write(`${paint(line, { columns: Number.POSITIVE_INFINITY, coloured })}\n`);
  };
  const abort = new AbortController();
  const playing = settings.script
    ? runScript({ settings, cluster, print })
    : runLive({ cluster, host, coloured, print, signal: abort.signal });
  playing.then(ended.resolve, crash);
  const code = await ended.promise;
  abort.abort();
  const closed = await closeAll(cluster, host, code, settings.script && code === 1);
  if (closed === 0 && !settings.script) print(['Everything that was started is ended.']);
  return closed;
}

async function closeAll(
  cluster: DemoCluster,
  host: NodeJS.Process,
  code: number,
  keepLogs: boolean,
): Promise<number> {
  try {
    await cluster.close({ keepLogs });
    return code;
  } catch (error) {
    host.stderr.write(`not everything could be ended: ${error instanceof Error ? error.message : error}\n`);
    return 1;
  }
}

function readArguments(host: NodeJS.Process): DemoArguments | number {
  try {
    const settings = demoArguments(host.argv.slice(2));
    if (!settings.help) return settings;
    host.stdout.write(USAGE);
    return 0;
  } catch (error) {
    host.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
}
