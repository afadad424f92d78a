import type { CallEffect } from '../../core/effects.ts';
import type { TermRecord } from '../../core/types.ts';
import type { Machine } from '../machine.ts';
import type { WrittenRequest } from '../request-model.ts';
import type { World } from '../world.ts';
import type { Checker, Report } from './checker.ts';

/** Rule 11 from afar: a request is carried out at most once, and nothing is begun for it after it expired. */
export class RequestOnce implements Checker {
  readonly #report: Report;
  #world: World | null = null;
  readonly #requests = new Map<string, WrittenRequest>();
  /** The term that carried a request out. */
  readonly #carriedOut = new Map<string, number>();
  /** Creates that were sent, since one whose answer was lost is sent again later. */
  readonly #sent = new Set<string>();

  constructor(report: Report) {
    this.#report = report;
  }

  attach(world: World): void {
    this.#world = world;
  }

  requested(request: WrittenRequest): void {
    this.#requests.set(request.id, request);
  }

  called(machine: Machine, call: CallEffect): void {
    if (call.type !== 'create-term' || !carriesOut(call.record)) return;
    const world = this.#world as World;
    const { requestId, term, incarnation } = call.record;
    const request = this.#requests.get(requestId ?? '');
    const attempt = `${requestId} ${term} ${incarnation}`;
    if (request === undefined || this.#sent.has(attempt)) return;
    this.#sent.add(attempt);
    if (world.nowMs <= request.expiresMs) return;
    const lateMs = Math.round(world.nowMs - request.expiresMs);
    const what = `${machine.name} begins what was asked from afar ${lateMs} ms after it expired`;
    this.#report({ rule: 'rule 11', atMs: world.nowMs, what });
  }

  termCreated(_group: number, record: TermRecord): void {
    const world = this.#world as World;
    const id = record.requestId ?? '';
    if (!carriesOut(record) || !this.#requests.has(id)) return;
    const before = this.#carriedOut.get(id);
    this.#carriedOut.set(id, record.term);
    if (before === undefined) return;
    const what = `one request from afar led to term ${before} and to term ${record.term}`;
    this.#report({ rule: 'rule 11', atMs: world.nowMs, what });
  }
}

const carriesOut = ({ reason, requestId }: TermRecord): boolean =>
  requestId !== undefined && (reason === 'forced' || reason === 'switchover');
