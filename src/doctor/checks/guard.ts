import { EXIT } from '../../control/exit-codes.ts';
import { GUARD_UNIT } from '../../guard/start-guard.ts';
import { readUnit, systemdRuns } from '../../resources/systemd-unit.ts';
import { type Check, failure, needs, ok } from '../check.ts';

const DEADLINE_MS = 5_000;

/** That the daemon can have a guard for what must never run twice. Whether one runs now, the daemon's line says. */
export const guard: Check = {
  name: 'guard',
  async look(context, signal) {
    const { file } = await needs('the configuration', context.configuration());
    const self = await needs('its place among the nodes', context.self());
    const groups = Object.entries(file.groups)
      .filter(([, { kind, nodes }]) => kind === 'exclusive' && nodes.includes(self))
      .map(([name]) => name);
    // Nothing to tell where nothing is exclusive: most clusters have no guard.
    if (groups.length === 0) return [];
    const over = `over ${groups.join(', ')}`;
    if (!systemdRuns()) return [ok(`the daemon starts one that watches ${over}`)];
    const answer = await readUnit(GUARD_UNIT, { deadlineMs: DEADLINE_MS, signal });
    const look = `look at "systemctl status ${GUARD_UNIT}"`;
    if (answer.kind === 'unknown') return [failure(answer.reason, look)];
    const { load } = answer.unit;
    if (load === 'loaded') return [ok(`${GUARD_UNIT} watches ${over} as soon as the daemon runs`)];
    const advice = {
      'not-found': 'install the package, or copy the unit of the package',
      masked: `systemctl unmask ${GUARD_UNIT}`,
    }[load];
    const text = `${GUARD_UNIT} is ${load}: without it this node may not lead ${groups.join(', ')}`;
    return [failure(text, advice ?? look, EXIT.misconfigured)];
  },
};
