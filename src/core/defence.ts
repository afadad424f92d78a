import type { CoreState, GroupState, Leading } from './state.ts';
import { due } from './toolbox.ts';
import type { TermReason } from './types.ts';
import { createNext, mayCreate } from './witness-calls.ts';

/**
 * Creates the next term in this node's own name. With unbroken authority nobody else can have created it, so
 * that nothing needs to be read before; without, the newest term is read first.
 */
export function defend(state: CoreState, group: GroupState, role: Leading, reason: TermReason): void {
  const may = role.unbroken
    ? due(state, group.read.retryMs)
    : mayCreate(state, group, Number.NEGATIVE_INFINITY);
  if (!may) return;
  // A placement that somebody asked for outlives the term in which it was made.
  createNext(state, group, reason, {
    requestId: group.newest?.requestId ?? '',
    requestedBy: group.newest?.requestedBy ?? '',
  });
}
