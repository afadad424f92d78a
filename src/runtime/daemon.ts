import { ImdsError } from '../cloud/imds.ts';
import { ConfigError } from '../config/config-error.ts';
import { EXIT } from '../control/exit-codes.ts';
import { ControlSocketError } from '../control/socket-file.ts';
import { createLogger, type Logger } from '../observability/logger.ts';
import { SdNotify } from '../observability/sd-notify.ts';
import { ownJob } from '../resources/own-job.ts';
import { TransportError } from '../wire/transport-error.ts';
import { configExitCode } from './config-exit-code.ts';
import { type Environment, prepareParts } from './daemon-parts.ts';
import { InstanceLock } from './instance-lock.ts';
import { RunningNode } from './running-node.ts';

export interface DaemonOptions {
  /** A path, or "ssm:/name/of/a/parameter". */
  readonly source: string;
  readonly version: string;
  readonly environment: Environment;
  /** `process`, unless a test sends the signals. Handlers are added here and nowhere else. */
  readonly signals: DaemonSignals;
  readonly log?: Logger;
}

export interface DaemonSignals {
  on(event: 'SIGTERM' | 'SIGINT' | 'SIGHUP', handler: () => void): unknown;
  on(event: 'uncaughtException' | 'unhandledRejection', handler: (error: unknown) => void): unknown;
}

/** The core leaves within 45 s; this is for one that does not. */
const LEAVE_AT_MOST_MS = 60_000;

/**
 * Runs the daemon until it ends and resolves with its exit code; whoever called ends the process with it.
 * Whatever ends it, a crash above all, leaves services and address as they are: only the core takes them away.
 */
export async function runDaemon(options: DaemonOptions): Promise<number> {
  const log = options.log ?? createLogger({ level: 'info' });
  const abort = new AbortController();
  let leaving = false;
  let node: RunningNode | null = null;
  const ended = Promise.withResolvers<number>();
  const notify = new SdNotify({ environment: options.environment });
  const end = (code: number, sentence: string) => {
    if (code === EXIT.ok) log.info(sentence);
    else log.error(sentence);
    abort.abort();
    notify.status(sentence);
    const closed = Promise.allSettled([node?.close(), notify.settled()]);
    void closed.then(() => ended.resolve(code));
  };
  const crash = (error: unknown) => {
    const sentence = 'a defect ended the daemon; services and address stay as they are';
    log.fatal({ err: error }, sentence);
    notify.status(sentence);
    ended.resolve(EXIT.error);
  };
  options.signals.on('uncaughtException', crash);
  options.signals.on('unhandledRejection', crash);
  const atOnce = () => end(EXIT.ok, 'stopped at once; services and address stay as they are');
  const stop = async () => {
    // A second request, or one before there is anything to hand over.
    if (leaving || node === null) return atOnce();
    leaving = true;
    const mode = (await ownJob(options)) === 'restart' ? 'hold' : 'leave';
    if (!node.stop(mode)) return atOnce();
    setTimeout(() => end(EXIT.timeout, 'leaving took too long; services and address stay'), LEAVE_AT_MOST_MS);
  };
  options.signals.on('SIGTERM', () => void stop());
  options.signals.on('SIGINT', () => void stop());
  options.signals.on('SIGHUP', () => void node?.reload());
  const prepared = (runningNode: RunningNode) => {
    node = runningNode;
  };
  startNode({ ...options, log, notify, signal: abort.signal, prepared, end, crash }).catch(
    (error: unknown) => {
      if (abort.signal.aborted) return;
      const refusal = refusalOf(error);
      if (refusal === null) crash(error);
      else end(refusal.code, refusal.sentence);
    },
  );
  return ended.promise;
}

interface StartOptions extends DaemonOptions {
  readonly log: Logger;
  readonly notify: SdNotify;
  readonly signal: AbortSignal;
  /** Signals that come from now on are for this node, also while it starts. */
  readonly prepared: (node: RunningNode) => void;
  readonly end: (code: number, sentence: string) => void;
  readonly crash: (error: unknown) => void;
}

async function startNode(options: StartOptions): Promise<void> {
  const parts = await prepareParts(options);
  options.log.level = parts.configuration.file.log.level;
  const lock = new InstanceLock(parts.configuration.file.cluster, parts.self);
  const holder = await lock.acquire();
  if (holder !== '') {
    parts.clients.close();
    throw new AlreadyRuns(
      `${holder} already is the daemon of ${parts.self} here; this one was not started: stop the other first`,
    );
  }
  const node = new RunningNode({ ...options, parts, lock });
  options.prepared(node);
  await node.start();
}

class AlreadyRuns extends Error {}

/** A start that was refused for a reason that the operator can mend; null: a defect. */
function refusalOf(error: unknown): { code: number; sentence: string } | null {
  if (error instanceof ConfigError) {
    return { code: configExitCode(error), sentence: `not started: ${error.message}` };
  }
  if (error instanceof ImdsError) {
    return {
      code: EXIT.unavailable,
      sentence: `not started: who this machine is, is not known: ${error.message}`,
    };
  }
  if (error instanceof TransportError) return { code: EXIT.unavailable, sentence: error.message };
  if (error instanceof AlreadyRuns) return { code: EXIT.unavailable, sentence: error.message };
  if (error instanceof ControlSocketError) return { code: EXIT.unavailable, sentence: error.message };
  return null;
}
