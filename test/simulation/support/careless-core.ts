import type { CoreUnderTest } from '../../../src/simulation/core-under-test.ts';
import { realCore } from '../../../src/simulation/real-core.ts';

/** A core that believes in an authority it never had: every checker of authority must notice. */
export const boastfulCore: CoreUnderTest = {
  ...realCore,
  hasAuthority: (state, group) => realCore.view(state, group).term > 0,
};

/** A core that takes the address whenever it is told to stop its services: for the checker of rule 14. */
export const hastyCore: CoreUnderTest = {
  ...realCore,
  step(state, event) {
    const effects = realCore.step(state, event);
    if (event.type !== 'local-health') return effects;
    const group = event.health.group;
    return [...effects, { type: 'stop-services', id: 1_000_000, group, deadlineMs: 5_000 }];
  },
};

/** A core that throws at its first message. */
export const brittleCore: CoreUnderTest = {
  ...realCore,
  step(state, event) {
    if (event.type === 'message') throw new Error('an invariant is broken');
    return realCore.step(state, event);
  },
};

/** A core that wants to be woken at once, for ever. */
export const restlessCore: CoreUnderTest = { ...realCore, nextWakeMs: () => 0 };
