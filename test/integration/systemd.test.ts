import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ResourceState } from '../../src/resources/resource-adapter.ts';
import type { AdapterCall } from '../support/adapter-calls.ts';
import { describeWhere } from '../support/describe-where.ts';
import { missingForSystemd, SystemdMachine } from '../support/systemd-machine.ts';

const RUNNING = { kind: 'running' };
const STOPPED = { kind: 'stopped' };
const reasonOf = (state: ResourceState | undefined) => JSON.stringify(state);

/** A real systemd, each test with a unit of its own. */
describeWhere(missingForSystemd(), 'a unit of systemd', () => {
  let machine: SystemdMachine;
  beforeAll(async () => {
    machine = await SystemdMachine.start();
  }, 600_000);
  afterAll(() => machine?.end(), 60_000);

  const service = (name: string, lines: string) => machine.unit(`${name}.service`, `[Service]\n${lines}\n`);
  const call = (
    unit: string,
    calls: readonly AdapterCall[],
    settings = {},
    group = {},
    deadlineMs = 30_000,
  ) =>
    machine.call({ group: { ...group, resources: [{ systemd: { unit, ...settings } }] }, calls, deadlineMs });
  const activeState = async (unit: string) =>
    (await machine.run('systemctl', 'show', '--property=ActiveState', '--value', unit)).stdout.trim();

  it('is started, seen running, and stopped; each of them twice', async () => {
    await service('plain', 'ExecStart=/bin/sleep infinity');
    const states = await call('plain', [
      'monitor',
      'start',
      'start',
      'monitor',
      'validate',
      'stop',
      'stop',
      'monitor',
    ]);
    expect(states).toEqual([STOPPED, RUNNING, RUNNING, RUNNING, RUNNING, STOPPED, STOPPED, STOPPED]);
  });

  it('has failed to start when it ends at once, and says how', async () => {
    await service('broken', 'ExecStart=/bin/sh -c "exit 3"');
    const [started, seen] = await call('broken', ['start', 'monitor']);
    expect(reasonOf(started)).toMatch(
      /systemd broken.service: broken.service is failed after its start \(failed, exit-code, status 3\)/,
    );
    expect(seen?.kind).toBe('unhealthy');
  });

  it('starts although it failed too often a moment ago', async () => {
    await service('limited', 'ExecStart=/bin/sh -c "test -e /run/mended && exec sleep infinity; exit 1"');
    const tries = Array.from({ length: 7 }, () => 'start' as const);
    const failed = await call('limited', tries);
    expect(new Set(failed.map((state) => state.kind))).toEqual(new Set(['failed']));
    await machine.write('/run/mended', '');
    expect(await call('limited', ['start', 'monitor', 'stop'])).toEqual([RUNNING, RUNNING, STOPPED]);
  });

  it('is seen to have died, with the reason, and is started again', async () => {
    await service('mortal', 'ExecStart=/bin/sleep infinity');
    await call('mortal', ['start']);
    await machine.run('systemctl', 'kill', '--signal=SIGKILL', 'mortal.service');
    await expect.poll(() => activeState('mortal.service')).toBe('failed');
    const [seen, again, running] = await call('mortal', ['monitor', 'start', 'monitor']);
    expect(reasonOf(seen)).toMatch(/"unhealthy".*failed, signal/);
    expect([again, running]).toEqual([RUNNING, RUNNING]);
  });

  it('is not taken for running while it waits for its next restart', async () => {
    await service('looping', 'ExecStart=/bin/sh -c "exit 1"\nRestart=always\nRestartSec=1h');
    const [started, seen, stopped] = await call('looping', ['start', 'monitor', 'stop']);
    expect(started?.kind).toBe('failed');
    expect(reasonOf(seen)).toMatch(/"unhealthy".*activating \(auto-restart, exit-code/);
    expect(stopped).toEqual(STOPPED);
  });

  it('is waited for while it starts, within the time of the monitor', async () => {
    await service('slow', 'Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 4');
    await machine.run('systemctl', 'start', '--no-block', 'slow.service');
    const [hasty] = await call('slow', ['monitor'], { monitorTimeout: '300ms' });
    expect(reasonOf(hasty)).toMatch(/"unhealthy".*activating \(start/);
    expect(await call('slow', ['monitor'], { monitorTimeout: '30s' })).toEqual([RUNNING]);
  });

  it('runs while it takes over its configuration', async () => {
    await service('reloading', 'ExecStart=/bin/sleep infinity\nExecReload=/bin/sleep infinity');
    await call('reloading', ['start']);
    await machine.run('systemctl', 'reload', '--no-block', 'reloading.service');
    await expect.poll(() => activeState('reloading.service')).toBe('reloading');
    expect(await call('reloading', ['monitor', 'start'])).toEqual([RUNNING, RUNNING]);
  });

  it('has failed to start by its deadline, and is taken for running once systemd has started it', async () => {
    await service('late', 'Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 5');
    const [late] = await call('late', ['start'], { startTimeout: '500ms' });
    expect(reasonOf(late)).toMatch(/"failed".*late.service is activating after its start \(start\)/);
    expect(await call('late', ['start'])).toEqual([RUNNING]);
  });

  it('is killed with all its processes by the deadline of a stop', async () => {
    const stubborn = `/bin/sh -c "trap '' TERM; while :; do sleep 1; done"`;
    await service('stubborn', `ExecStart=${stubborn}\nExecStopPost=/bin/sleep 1000\nTimeoutStopSec=1h`);
    await call('stubborn', ['start']);
    const states = await call('stubborn', ['stop', 'monitor'], { stopTimeout: '6s' });
    expect(states).toEqual([STOPPED, STOPPED]);
    const processes = await machine.run('ps', '-e', '-o', 'args=');
    expect(processes.stdout).not.toContain('sleep 1000');
  });

  it('is refused where it is not known, masked, or of a kind that is never seen to run', async () => {
    await service('once', 'Type=oneshot\nExecStart=/bin/true');
    await machine.run('ln', '-s', '/dev/null', '/etc/systemd/system/masked.service');
    await machine.unit('wrong.service', '[Service]\nExecStart=relative/path\n');
    const refusal = async (unit: string) => reasonOf((await call(unit, ['validate']))[0]);
    expect(await refusal('nowhere')).toMatch(/"failed".*there is no unit nowhere.service/);
    expect(await refusal('masked')).toMatch(/"failed".*systemctl unmask masked.service/);
    expect(await refusal('wrong')).toMatch(/"failed".*cannot be loaded \(bad-setting\).*systemd-analyze/);
    expect(await refusal('once')).toMatch(/"failed".*RemainAfterExit=yes/);
    expect(reasonOf((await call('nowhere', ['start']))[0])).toContain('there is no unit');
    expect(await call('nowhere', ['stop'])).toEqual([STOPPED]);
  });

  it('that is enabled is told of, refused in an exclusive group, and welcome in a warm one', async () => {
    await machine.unit(
      'booting.service',
      '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n',
    );
    await machine.run('systemctl', 'enable', 'booting.service');
    const validate = async (settings: object, group: object) =>
      reasonOf((await call('booting', ['validate'], settings, group))[0]);
    expect(await validate({}, {})).toMatch(/"stopped","warning":.*booting.service is enabled.*disable/);
    expect(await validate({ exclusive: true }, {})).toMatch(/"failed".*booting.service is enabled/);
    expect(await validate({}, { standbyServices: 'warm' })).toBe('{"kind":"stopped"}');
  });

  it('may be another kind of unit, or an instance of a template', async () => {
    await machine.unit('job@.service', '[Service]\nExecStart=/bin/sleep infinity\n');
    await machine.unit('all.target', '[Unit]\nWants=job@1.service\n');
    await machine.unit('door.socket', '[Socket]\nListenStream=/run/door\nService=job@door.service\n');
    for (const unit of ['job@2.service', 'all.target', 'door.socket']) {
      expect([unit, await call(unit, ['start', 'monitor', 'stop', 'monitor'])]).toEqual([
        unit,
        [RUNNING, RUNNING, STOPPED, STOPPED],
      ]);
    }
  });
});
