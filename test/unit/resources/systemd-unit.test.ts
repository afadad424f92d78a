import { describe, expect, it } from 'vitest';
import { parseUnit, stateOf } from '../../../src/resources/systemd-unit.ts';

const SHOWN = `Type=notify
MainPID=812
WatchdogUSec=10s
Result=success
ExecMainStatus=0
WantedBy=multi-user.target
RemainAfterExit=no
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
`;

describe('what systemctl shows of a unit', () => {
  it('is read by property', () => {
    expect(parseUnit(SHOWN)).toEqual({
      load: 'loaded',
      active: 'active',
      sub: 'running',
      result: 'success',
      exitStatus: '0',
      file: 'enabled',
      wantedBy: 'multi-user.target',
      type: 'notify',
      remainsAfterExit: false,
      mainPid: 812,
      hasWatchdog: true,
    });
  });

  it('lacks what this kind of unit does not have', () => {
    const target = 'LoadState=loaded\nActiveState=inactive\nSubState=dead\n';
    expect(parseUnit(target)).toMatchObject({
      type: '',
      result: '',
      mainPid: 0,
      remainsAfterExit: false,
      hasWatchdog: false,
    });
  });

  it.each([
    ['active', 'active'],
    ['reloading', 'active'],
    ['refreshing', 'active'],
    ['inactive', 'inactive'],
    ['failed', 'failed'],
    ['activating', 'changing'],
    ['deactivating', 'changing'],
    ['maintenance', 'changing'],
  ])('that is %s counts as %s', (active, state) => {
    expect(stateOf(parseUnit(SHOWN.replace('=active', `=${active}`)))).toBe(state);
  });
});
