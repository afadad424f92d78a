import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';
import { BRANCHES } from './branches.ts';
import type { Counts } from './coverage.ts';

const CORE = new URL('../core/', import.meta.url);

interface Block {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Block[] }[];
}

/**
 * How often each branch of a rule ran in the core. The engine counts the blocks of the source itself, so that
 * the core carries no counters; `branches.ts` says which place in the source is which branch.
 */
export class BranchCounter {
  readonly #session = new Session();
  #state: 'new' | 'counting' | 'over' = 'new';

  /**
   * Before the core has run. Throws after `stop`: the engine puts counters into a function when it compiles it, and
   * would count whole functions from then on.
   */
  start(): void {
    if (this.#state === 'over') throw new Error('branches cannot be counted a second time');
    if (this.#state === 'counting') return;
    this.#state = 'counting';
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** The core runs faster from then on. */
  stop(): void {
    if (this.#state === 'counting') this.#session.disconnect();
    this.#state = 'over';
  }

  /** What ran since the start or the last time. */
  take(): Counts {
    const { result } = this.#post('Profiler.takePreciseCoverage') as { result: ScriptCoverage[] };
    const blocks = new Map(
      result.map(({ url, functions }) => [url, functions.flatMap(({ ranges }) => ranges)]),
    );
    const counts: Counts = {};
    for (const { id, file, text } of BRANCHES) {
      const url = new URL(file, CORE);
      const offset = readFileSync(fileURLToPath(url), 'utf8').indexOf(text);
      if (offset < 0)
        throw new Error(`${file} no longer contains "${text}": say in branches.ts where ${id} is`);
      counts[id] = innermost(blocks.get(url.href) ?? [], offset);
    }
    return counts;
  }

  #post(method: string, parameters: object = {}): unknown {
    let answer: unknown;
    this.#session.post(method, parameters, (error, result) => {
      if (error !== null) throw new Error(`${method}: ${error.message}`);
      answer = result;
    });
    return answer;
  }
}

function innermost(blocks: readonly Block[], offset: number): number {
  const around = blocks.filter(({ startOffset, endOffset }) => startOffset <= offset && offset < endOffset);
  const smallest = around.sort((a, b) => a.endOffset - a.startOffset - (b.endOffset - b.startOffset))[0];
  return smallest?.count ?? 0;
}
