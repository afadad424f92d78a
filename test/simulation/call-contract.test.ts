import {
  AddressModel,
  associationName,
  associationNumber,
  FREE,
} from '../../src/simulation/address-model.ts';
import { WitnessModel } from '../../src/simulation/witness-model.ts';
import { describeCallContract, type Perform } from '../contract/call-contract.ts';

describeCallContract('the models of the simulator', (): Perform => {
  const witness = new WitnessModel();
  const address = new AddressModel({ holder: FREE, refusesOwnHolder: false });
  const names = ['main', 'aux'] as const;
  let nowMs = 0;
  return (name, call) => {
    nowMs += 1;
    const node = names.indexOf(name);
    switch (call.type) {
      case 'create-term':
        return witness.create(call.record, nowMs);
      case 'read-term':
        return witness.read(call.term, nowMs);
      case 'read-newest':
        return witness.newest(nowMs, nowMs);
      case 'delete-terms':
        witness.delete(call.upTo);
        return { type: 'term-record', record: null };
      case 'describe-address': {
        const { holder, id } = address.now;
        const at = names[holder];
        const where = at === undefined ? ({ kind: 'free' } as const) : ({ kind: 'node', node: at } as const);
        return { type: 'address-reading', holder: where, associationId: associationName(id) };
      }
      case 'take-address':
        return { type: 'address-moved', associationId: associationName(address.take(node, nowMs).id) };
      case 'take-free-address': {
        const taken = address.takeFree(node, nowMs);
        if (taken === null) return { type: 'address-taken' };
        return { type: 'address-moved', associationId: associationName(taken.id) };
      }
      case 'release-address':
        address.release(associationNumber(call.associationId), nowMs);
        return { type: 'address-released' };
      case 'describe-instance':
        return { type: 'instance-condition', condition: 'running' };
      default:
        throw new Error(`no model performs ${call.type}`);
    }
  };
});
