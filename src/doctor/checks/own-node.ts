import { type Check, needs, ok } from '../check.ts';
import { configFailure } from '../explain-error.ts';

/** Which of the nodes this is, and that its addresses have a place here. */
export const ownNode: Check = {
  name: 'this node',
  async look(context) {
    await Promise.all([
      needs('the configuration', context.configuration()),
      needs('the metadata', context.machine()),
    ]);
    try {
      const self = await context.self();
      const groups = await context.cloudGroups();
      const led = groups.size === 0 ? 'leads no group' : `may lead ${[...groups.keys()].join(', ')}`;
      return [ok(`${self}, which ${led}`)];
    } catch (error) {
      return [configFailure(error, 'correct the nodes of the configuration, or this instance')];
    }
  },
};
