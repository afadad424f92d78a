import type { DemoCluster } from '../cluster/demo-cluster.ts';
import { type Line, ms, number, times, tinted } from '../style.ts';
import { actionFor } from './actions.ts';
import { changes } from './changes.ts';
import { type DemoFacts, demoFacts } from './facts.ts';
import { frame } from './frame.ts';
import { Screen } from './screen.ts';

export interface LiveOptions {
  readonly cluster: DemoCluster;
  readonly host: NodeJS.Process;
  readonly coloured: boolean;
  readonly print: (line: Line) => void;
  /** Ends the view. */
  readonly signal: AbortSignal;
}

const REPAINT_MS = 100;
const CTRL_C = '\u0003';

/** Shows the cluster and does what the keys say, until q. Resolves with the exit code, while all still runs. */
export async function runLive(options: LiveOptions): Promise<number> {
  const { cluster, host, print, signal } = options;
  const startedMs = performance.now();
  print(['Two daemons are starting …']);
  await cluster.start();
  if (signal.aborted) return 0;
  const view =
    host.stdout.isTTY === true ? new ScreenView(options, startedMs) : new LineView(options, startedMs);
  const repainting = setInterval(() => view.update(), REPAINT_MS);
  view.update();
  const quit = Promise.withResolvers<void>();
  const closeKeys = readKeys(host, (key) => {
    if (key === 'q' || key === CTRL_C) quit.resolve();
    else void act(cluster, key, (message) => view.say(message));
  });
  signal.addEventListener('abort', () => quit.resolve(), { once: true });
  host.once('exit', () => view.close());
  await quit.promise;
  clearInterval(repainting);
  closeKeys();
  view.close();
  print(summary(demoFacts(cluster, startedMs)));
  return 0;
}

interface View {
  update(): void;
  say(message: string): void;
  close(): void;
}

class ScreenView implements View {
  readonly #options: LiveOptions;
  readonly #startedMs: number;
  readonly #screen: Screen;
  #message = '';

  constructor(options: LiveOptions, startedMs: number) {
    this.#options = options;
    this.#startedMs = startedMs;
    this.#screen = new Screen(options.host.stdout, options.coloured);
    this.#screen.enter();
  }

  update(): void {
    const facts = demoFacts(this.#options.cluster, this.#startedMs);
    this.#screen.show(frame(facts, { message: this.#message, rows: this.#screen.rows }));
  }

  say(message: string): void {
    this.#message = message;
    this.update();
  }

  close(): void {
    this.#screen.leave();
  }
}

class LineView implements View {
  readonly #options: LiveOptions;
  readonly #startedMs: number;
  #shown: DemoFacts | null = null;

  constructor(options: LiveOptions, startedMs: number) {
    this.#options = options;
    this.#startedMs = startedMs;
  }

  update(): void {
    const facts = demoFacts(this.#options.cluster, this.#startedMs);
    for (const change of changes(this.#shown, facts)) this.say(change);
    this.#shown = facts;
  }

  say(message: string): void {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    this.#options.print([`${seconds.toFixed(1).padStart(6)} s  ${message}`]);
  }

  close(): void {}
}

/** One key after another, also from a pipe. */
function readKeys({ stdin }: NodeJS.Process, onKey: (key: string) => void): () => void {
  const onData = (text: string): void => {
    for (const key of text) onKey(key);
  };
  // Without a line editor in between: a key is there when it is pressed, Ctrl-C too.
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.setEncoding('utf8').on('data', onData);
  stdin.on('error', () => {});
  return () => {
    stdin.off('data', onData).pause();
    if (stdin.isTTY) stdin.setRawMode(false);
  };
}

const busy = new WeakSet<DemoCluster>();

/** One at a time: what two keys want may contradict. */
async function act(cluster: DemoCluster, key: string, say: (message: string) => void): Promise<void> {
  const action = actionFor(key);
  if (action === null) return;
  if (busy.has(cluster)) return say('the last key is still at work');
  busy.add(cluster);
  try {
    say(await action(cluster));
  } finally {
    busy.delete(cluster);
  }
}

function summary({ elapsedMs, moves, client }: DemoFacts): Line {
  return [
    tinted('bold', 'eipkeeper demo'),
    `: ${number(elapsedMs / 1000)} s, the address ${moves === 0 ? 'stayed' : `moved ${times(moves)}`}, ${number(client.requests)} requests, ${number(client.failed)} failed, longest gap ${ms(client.longestGapMs)}.`,
  ];
}
