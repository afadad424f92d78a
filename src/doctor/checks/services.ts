import { EXIT } from '../../control/exit-codes.ts';
import { failedState } from '../../resources/resource-adapter.ts';
import { type Check, type Finding, failure, needs, ok, warning } from '../check.ts';

const VALIDATE_MS = 10_000;

/** Whether each service could be started here ("nginx -t"), and what its adapter finds odd about this machine. */
export const services: Check = {
  name: 'services',
  async look(context, signal) {
    await needs('the configuration', context.configuration());
    const chains = await needs('its place among the nodes', context.chains());
    const limits = { deadlineMs: VALIDATE_MS, signal };
    const findings = [...chains].flatMap(([group, chain]) =>
      chain.resources.map(async (resource): Promise<readonly Finding[]> => {
        const label = `${group}: ${resource.name}`;
        const [state, oddities] = await Promise.all([
          resource.validate(limits).catch((error: Error) => failedState(error.message)),
          resource.oddities?.(limits) ?? [],
        ]);
        const odd = oddities.map(({ text, advice }) => warning(`${label}: ${text}`, advice));
        if ('reason' in state)
          return [failure(`${group}: ${state.reason}`, 'mend that here', EXIT.misconfigured), ...odd];
        if (state.warning !== undefined)
          return [warning(`${group}: ${state.warning}`, 'mend that here'), ...odd];
        return odd.length > 0 ? odd : [ok(`${label} could be started here`)];
      }),
    );
    return (await Promise.all(findings)).flat();
  },
};
