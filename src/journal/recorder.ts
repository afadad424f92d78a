/**
 * Decides what of a core's life is kept. Facts always are. Steps are held in memory and let go, unless something
 * notable happens: then those of the last half minute and more are written, and all that follow, until it has
 * been quiet for a while. What is written begins with a checkpoint, so that each piece replays alone.
 *
 * Does no input or output; the simulator records with it too.
 */
import type { Effect } from '../core/effects.ts';
import type { CoreEvent, StartOptions } from '../core/events.ts';
import type { CoreState } from '../core/state.ts';
import type { GroupName, Incarnation, Millis, NodeName } from '../core/types.ts';
import { type Fact, type FactLine, factsOf } from './fact.ts';
import { Notability } from './notability.ts';
import { encodeHead, type RecordingHead } from './recording.ts';
import { StepEncoder } from './step-codec.ts';

export interface RecorderOptions {
  readonly version: string;
  /** How many heartbeat paths there are. */
  readonly paths: number;
  /** The wall's clock at a moment of the monotonic one. */
  readonly wallMsAt: (nowMs: Millis) => number;
  /** Takes a line of facts. */
  readonly fact: (line: string) => void;
  /** Takes lines of the recording; `isHead`: a new piece begins with them, and so may a new file. */
  readonly steps: (lines: string, isHead: boolean) => void;
  /** A piece of this length is closed and the next begun. */
  readonly pieceBytesMost: number;
}

/** At least this much before something notable is kept, and never less than twice the longest deadtime. */
const PIECE_LEAST_MS = 30_000;
/** For this long after something notable everything is written: the new leader looks often for 15 s. */
const WRITE_ON_MS = 16_000;

interface Piece {
  readonly beganMs: Millis;
  readonly encoder: StepEncoder;
  readonly lines: string[];
  bytes: number;
  written: boolean;
}

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #notability = new Notability();
  readonly #recordTerms = new Map<GroupName, number>();
  #self: NodeName = '';
  #incarnation = '' as Incarnation;
  #pieceMs = PIECE_LEAST_MS;
  #before: Piece | null = null;
  #piece: Piece | null = null;
  #writeUntilMs = Number.NEGATIVE_INFINITY;
  #broken = false;
  #lost = 0;
  #lostToldOf = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Before the first step. */
  start(options: StartOptions): void {
    const { config, incarnation, at } = options;
    this.#self = config.self;
    this.#incarnation = incarnation;
    for (const { timings } of config.groups) this.#pieceMs = Math.max(this.#pieceMs, 2 * timings.deadtimeMs);
    this.#writeUntilMs = at.nowMs + WRITE_ON_MS;
    this.#fact({ kind: 'started', version: this.#options.version }, at.nowMs);
    this.#begin(at.nowMs, { kind: 'start', options });
  }

  /** After each step, with the state that it left. */
  stepped(state: CoreState, event: CoreEvent, effects: readonly Effect[]): void {
    const { nowMs } = event.at;
    for (const fact of factsOf(event, effects)) {
      if (this.#isKnown(fact)) continue;
      this.#fact(fact, nowMs);
      if (this.#notability.judge(fact, nowMs)) this.#writeUntilMs = nowMs + WRITE_ON_MS;
    }
    if (event.type === 'reload') this.#writeUntilMs = nowMs + WRITE_ON_MS;
    this.#keep(event, effects, '');
    this.#turnOver(state, nowMs);
  }

  /** The core threw in this step. */
  crashed(event: CoreEvent, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#writeUntilMs = event.at.nowMs;
    this.#fact({ kind: 'broke-down', reason }, event.at.nowMs);
    this.#keep(event, [], reason);
  }

  /** Something of what was handed out is lost: what follows must not hang on it. */
  lost(texts: number): void {
    this.#broken = true;
    this.#lost += texts;
  }

  /** Records are read again and again; the first sight of each says it all. */
  #isKnown(fact: Fact): boolean {
    if (fact.kind !== 'record') return false;
    const { group, term } = fact.record;
    if (term <= (this.#recordTerms.get(group) ?? 0)) return true;
    this.#recordTerms.set(group, term);
    return false;
  }

  #fact(fact: Fact, nowMs: Millis): void {
    if (this.#lost > this.#lostToldOf) {
      this.#lostToldOf = this.#lost;
      this.#fact({ kind: 'lost', texts: this.#lost }, nowMs);
    }
    const line: FactLine = {
      wallMs: Math.round(this.#options.wallMsAt(nowMs)),
      atMs: nowMs,
      self: this.#self,
      incarnation: this.#incarnation,
      ...fact,
    };
    this.#options.fact(`${JSON.stringify(line)}\n`);
  }

  #keep(event: CoreEvent, effects: readonly Effect[], crash: string): void {
    const piece = this.#piece;
    if (piece === null || this.#broken) return;
    const line = `${piece.encoder.encode(event, effects, crash)}\n`;
    piece.bytes += line.length;
    if (piece.written) {
      this.#options.steps(line, false);
      return;
    }
    piece.lines.push(line);
    if (event.at.nowMs > this.#writeUntilMs) return;
    if (this.#before !== null) this.#write(this.#before);
    this.#before = null;
    this.#write(piece);
  }

  #write(piece: Piece): void {
    this.#options.steps(piece.lines.join(''), true);
    piece.lines.length = 0;
    piece.written = true;
  }

  #turnOver(state: CoreState, nowMs: Millis): void {
    const piece = this.#piece;
    if (piece === null) return;
    const isQuietAgain = piece.written && nowMs > this.#writeUntilMs;
    const isLong = nowMs - piece.beganMs >= this.#pieceMs || piece.bytes >= this.#options.pieceBytesMost;
    if (!isQuietAgain && !isLong && !this.#broken) return;
    this.#before = piece.written || this.#broken ? null : piece;
    this.#broken = false;
    this.#begin(nowMs, { kind: 'state', state });
  }

  #begin(nowMs: Millis, from: RecordingHead['from']): void {
    const head = `${encodeHead({
      recording: 1,
      version: this.#options.version,
      self: this.#self,
      incarnation: this.#incarnation,
      paths: this.#options.paths,
      wallMs: this.#options.wallMsAt(nowMs),
      nowMs,
      from,
    })}\n`;
    this.#piece = { beganMs: nowMs, encoder: new StepEncoder(), lines: [head], bytes: 0, written: false };
  }
}
