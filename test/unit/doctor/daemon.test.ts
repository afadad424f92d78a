import { describe, expect, it } from 'vitest';
import type { GroupStatus } from '../../../src/control/status-snapshot.ts';
import { daemon } from '../../../src/doctor/checks/daemon.ts';
import { ofUnit } from '../../../src/doctor/checks/unit.ts';
import { DoctorContext } from '../../../src/doctor/doctor-context.ts';
import { parseUnit } from '../../../src/resources/systemd-unit.ts';
import { groupStatus, statusSnapshot } from '../control/snapshot-fixture.ts';

class StatusContext extends DoctorContext {
  readonly #group: GroupStatus;

  constructor(group: GroupStatus) {
    super({
      source: '/none',
      version: '0.1.0',
      environment: {},
      connect: () => Promise.reject(new Error('no daemon')),
      waiting: false,
      signal: new AbortController().signal,
    });
    this.#group = group;
  }

  override async status() {
    return statusSnapshot({ groups: [this.#group] });
  }
}

const problemsOf = async (group: Partial<GroupStatus>) =>
  (await daemon.look(new StatusContext(groupStatus(group)), new AbortController().signal)).filter(
    ({ verdict }) => verdict !== 'ok',
  );
const nginx = (state: 'starting' | 'failed', reason: string) =>
  ({ name: 'nginx', type: 'nginx', state, reason, monitor: '' }) as const;
const elasticIp = {
  name: '203.0.113.10',
  type: 'elastic-ip',
  state: 'stopped',
  reason: '',
  monitor: '',
} as const;

describe('the daemon of the leader', () => {
  it('is content where everything runs', async () => {
    expect(await problemsOf({})).toEqual([]);
  });

  it('says once what is wrong with an address, of whichever kind', async () => {
    const privateIp = { ...elasticIp, name: '10.0.0.50', type: 'private-ip' };
    const address = { ...groupStatus().address, complaint: 'moving it here failed: denied' };
    for (const resource of [elasticIp, privateIp]) {
      const problems = await problemsOf({ resources: [resource], address });
      expect(problems.map(({ text }) => text)).toEqual(['web: moving it here failed: denied']);
    }
  });

  it('is not, before its service serves and the address is here', async () => {
    const resources = [nginx('starting', 'nginx: / answered 404, expected 200'), elasticIp];
    expect(await problemsOf({ resources })).toEqual([
      {
        verdict: 'failure',
        text: 'main leads web, and nginx is starting: nginx: / answered 404, expected 200',
        advice: 'mend that, then "eipkeeper cleanup"',
        exitCode: 75,
      },
      {
        verdict: 'failure',
        text: 'main leads web, and 203.0.113.10 is stopped',
        advice: 'wait a moment; then see "eipkeeper status"',
        exitCode: 75,
      },
    ]);
  });

  it('says once what is wrong with the address', async () => {
    const address = { ...groupStatus().address, complaint: 'it does not exist' };
    expect(await problemsOf({ resources: [elasticIp], address })).toMatchObject([
      { text: 'web: it does not exist' },
    ]);
  });

  it('is content in a standby and in a group in maintenance', async () => {
    const resources = [elasticIp];
    expect(await problemsOf({ resources, leader: 'aux', role: 'standby' })).toEqual([]);
    expect(await problemsOf({ resources, maintenance: true })).toMatchObject([{ verdict: 'warning' }]);
  });
});

describe('the unit', () => {
  const shown = (lines: string) =>
    parseUnit(`LoadState=loaded\nUnitFileState=enabled\nType=notify\n${lines}`);

  it('is not said to lack a watchdog before it runs, when systemd does not tell', () => {
    expect(ofUnit(shown('MainPID=0\nWatchdogUSec=infinity'))).toMatchObject([{ verdict: 'ok' }]);
  });

  it('is said to lack one while it runs without', () => {
    expect(ofUnit(shown('MainPID=7\nWatchdogUSec=0'))).toMatchObject([
      { verdict: 'warning', text: expect.stringContaining('no watchdog') },
    ]);
    expect(ofUnit(shown('MainPID=7\nWatchdogUSec=10s'))).toMatchObject([
      { verdict: 'ok', text: 'eipkeeper.service is enabled, with a watchdog' },
    ]);
  });
});
