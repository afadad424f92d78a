import { readUnit, systemdRuns, type UnitProperties } from '../../resources/systemd-unit.ts';
import { type Check, type Finding, failure, ok, warning } from '../check.ts';

const UNIT = 'eipkeeper.service';
const DEADLINE_MS = 5_000;

/** That the daemon comes back after a boot and after a crash, and that systemd notices when it hangs. */
export const unit: Check = {
  name: 'unit',
  async look(_context, signal) {
    if (!systemdRuns())
      return [warning('systemd does not run here', 'see that something starts eipkeeper again when it ends')];
    const answer = await readUnit(UNIT, { deadlineMs: DEADLINE_MS, signal });
    if (answer.kind === 'unknown') return [failure(answer.reason, 'look at "systemctl status eipkeeper"')];
    return ofUnit(answer.unit);
  },
};

/** systemd tells of a watchdog only while the unit runs. */
export function ofUnit({ load, file, type, mainPid, hasWatchdog }: UnitProperties): readonly Finding[] {
  if (load === 'not-found')
    return [failure(`there is no ${UNIT}`, 'install the package, or copy the unit of the package')];
  if (load !== 'loaded') return [failure(`${UNIT} is ${load}`, `look at "systemctl status ${UNIT}"`)];
  const findings: Finding[] = [];
  if (file !== 'enabled')
    findings.push(warning(`${UNIT} is ${file}: it does not start at boot`, `systemctl enable ${UNIT}`));
  if (type !== 'notify' && type !== 'notify-reload')
    findings.push(warning(`${UNIT} is of type ${type}`, 'take the unit of the package: Type=notify'));
  if (mainPid !== 0 && !hasWatchdog)
    findings.push(
      warning(`${UNIT} has no watchdog: a daemon that hangs is not noticed`, 'set WatchdogSec=10'),
    );
  if (findings.length > 0) return findings;
  return [ok(mainPid === 0 ? `${UNIT} is enabled` : `${UNIT} is enabled, with a watchdog`)];
}
