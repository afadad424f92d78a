import type { Witness } from '../witness/witness.ts';
import type { CallPerformer } from './effect-runner.ts';

/** The calls of the core to the witness. */
export function createWitnessPerformer(witness: Witness): CallPerformer {
  return async (call, signal) => {
    const bounds = { signal, deadlineMs: call.deadlineMs };
    switch (call.type) {
      case 'create-term':
        return witness.createTerm(call.record, bounds);
      case 'read-term':
        return witness.readTerm(call.group, call.term, bounds);
      case 'read-newest':
        return witness.readNewest(call.group, call.known, bounds);
      case 'delete-terms':
        return witness.deleteTerms(call.group, call.upTo, bounds);
      case 'close-request':
        return witness.closeRequest(call.requestId, call.verdict, bounds);
      default:
        return { type: 'failed', failure: 'not-sent', reason: `${call.type} is no call to the witness` };
    }
  };
}
