import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ResourceState } from '../../src/resources/resource-adapter.ts';
import type { AdapterCall } from '../support/adapter-calls.ts';
import { describeWhere } from '../support/describe-where.ts';
import { missingForSystemd, SystemdMachine } from '../support/systemd-machine.ts';

const RUNNING = { kind: 'running' };
const STOPPED = { kind: 'stopped' };
const reasonOf = (state: ResourceState | undefined) => JSON.stringify(state);

/** As Debian's skeleton has it: start-stop-daemon, a pid file, and the functions of lsb-base. */
const SCRIPT = `#!/bin/sh
. /lib/lsb/init-functions
PIDFILE=/run/app.pid
case "$1" in
  start) start-stop-daemon --start --background --make-pidfile --pidfile $PIDFILE --exec /bin/sleep -- infinity ;;
  stop) start-stop-daemon --stop --retry 5 --oknodo --remove-pidfile --pidfile $PIDFILE --exec /bin/sleep ;;
  status) status_of_proc -p $PIDFILE /bin/sleep app ;;
  *) echo "Usage: $0 {start|stop|status}" >&2; exit 3 ;;
esac
`;

/** Real init scripts, on a Debian of their own. */
describeWhere(missingForSystemd(), 'an init script', () => {
  let machine: SystemdMachine;
  beforeAll(async () => {
    machine = await SystemdMachine.start();
    await script('app', SCRIPT);
  }, 600_000);
  afterAll(() => machine?.end(), 60_000);

  const script = async (name: string, text: string) => {
    await machine.write(`/opt/${name}`, text);
    await machine.run('chmod', '755', `/opt/${name}`);
  };
  const call = (path: string, calls: readonly AdapterCall[], settings = {}) =>
    machine.call({ group: { resources: [{ lsb: { script: path, ...settings } }] }, calls });

  it('is started, seen running, and stopped; each of them twice', async () => {
    const states = await call('/opt/app', [
      'validate',
      'monitor',
      'start',
      'start',
      'monitor',
      'stop',
      'stop',
      'monitor',
    ]);
    expect(states).toEqual([STOPPED, STOPPED, RUNNING, RUNNING, RUNNING, STOPPED, STOPPED, STOPPED]);
  });

  it('is seen to have died although its pid file is left, and is started again', async () => {
    await call('/opt/app', ['start']);
    await machine.run('sh', '-c', 'kill -9 $(cat /run/app.pid)');
    const states = await call('/opt/app', ['monitor', 'start', 'monitor', 'stop']);
    expect(reasonOf(states[0])).toMatch(/"unhealthy".*lsb web.app: monitor: .*status\\" exited with 1/);
    expect(states.slice(1)).toEqual([RUNNING, RUNNING, STOPPED]);
  });

  it('of a Debian package works where systemd takes it over', async () => {
    await machine.write(
      '/etc/haproxy/haproxy.cfg',
      'defaults\n  timeout client 1s\nfrontend f\n  bind 127.0.0.1:81\n',
    );
    await machine.run('mkdir', '/etc/systemd/system/haproxy.service.d');
    // A container has no /dev/log for Debian's unit to bind.
    await machine.unit('haproxy.service.d/test.conf', '[Service]\nBindReadOnlyPaths=\n');
    expect(await call('haproxy', ['monitor', 'start', 'monitor'])).toEqual([STOPPED, RUNNING, RUNNING]);
    const state = await machine.run('systemctl', 'is-active', 'haproxy.service');
    expect(state.stdout.trim()).toBe('active');
    expect(await call('haproxy', ['stop', 'monitor'])).toEqual([STOPPED, STOPPED]);
  });

  it('is refused where it is not there, or has no status', async () => {
    await script(
      'mute',
      '#!/bin/sh\ncase "$1" in start|stop) ;; *) echo "Usage: mute start|stop"; exit 3;; esac\n',
    );
    expect(reasonOf((await call('nowhere', ['validate']))[0])).toMatch(
      /"failed".*lsb web.nowhere: there is no script \/etc\/init.d\/nowhere/,
    );
    expect(reasonOf((await call('/opt/mute', ['validate']))[0])).toMatch(/"failed".*status.*Usage: mute/);
    expect(reasonOf((await call('/opt/mute', ['stop']))[0])).toMatch(/"failed"/);
  });

  it('that lies, hangs or prints megabytes is a clear error by its deadline', async () => {
    await script('liar', '#!/bin/sh\ntest "$1" != status || exit 3\n');
    expect(reasonOf((await call('/opt/liar', ['start']))[0])).toMatch(/monitor says that it is stopped/);
    await script('immortal', '#!/bin/sh\nexit 0\n');
    expect(reasonOf((await call('/opt/immortal', ['stop']))[0])).toMatch(/monitor says that it runs/);
    await script('hanging', '#!/bin/sh\ntrap "" TERM\nwhile :; do sleep 1; done\n');
    const [hanging] = await call('/opt/hanging', ['monitor'], { monitorTimeout: '300ms' });
    expect(reasonOf(hanging)).toMatch(/"failed".*did not finish in time and was killed/);
    expect((await machine.run('ps', '-e', '-o', 'args=')).stdout).not.toContain('/opt/hanging');
    await script('loud', '#!/bin/sh\nhead -c 30M /dev/zero | tr "\\0" x\nexit 4\n');
    const loud = reasonOf((await call('/opt/loud', ['monitor']))[0]);
    expect(loud).toMatch(/"failed".*exited with 4/);
    expect(loud.length).toBeLessThan(1000);
  });

  it('that is enabled is told of, and refused in an exclusive group', async () => {
    await machine.run('sh', '-c', 'mkdir -p /etc/rc3.d; ln -s /opt/app /etc/rc3.d/S01app');
    expect(reasonOf((await call('/opt/app', ['validate']))[0])).toMatch(
      /"stopped","warning":.*\/opt\/app is enabled.*update-rc.d app disable/,
    );
    const [exclusive] = await call('/opt/app', ['validate'], { exclusive: true });
    expect(reasonOf(exclusive)).toMatch(/"failed".*\/opt\/app is enabled/);
  });
});
