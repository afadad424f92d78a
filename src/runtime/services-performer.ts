import type { GroupName } from '../core/types.ts';
import type { ResourceChain } from '../resources/resource-chain.ts';
import type { CallPerformer } from './effect-runner.ts';

/** The chain ends what it began a little before the runner answers for it, so that its own reason is heard. */
const MARGIN_MS = 200;

/** The calls of the core to the services of a group. */
export function createServicesPerformer(chains: ReadonlyMap<GroupName, ResourceChain>): CallPerformer {
  return async (call, signal) => {
    const chain = chains.get(call.group);
    if (chain === undefined) {
      return { type: 'failed', failure: 'invalid', reason: `there is no group ${call.group}` };
    }
    const limits = { signal, deadlineMs: Math.max(1, call.deadlineMs - MARGIN_MS) };
    switch (call.type) {
      case 'start-services':
        return chain.start(limits);
      case 'stop-services':
        return chain.stop(limits);
      case 'check-services':
        return chain.check(limits);
      default:
        return { type: 'failed', failure: 'not-sent', reason: `${call.type} is no call to services` };
    }
  };
}
