import { describe, expect, it } from 'vitest';
import { ownJob } from '../../../src/resources/own-job.ts';

const UNIFIED = '0::/system.slice/eipkeeper.service\n';
const environment = { INVOCATION_ID: '0123456789abcdef0123456789abcdef' };

function asked(jobs: string, cgroup = UNIFIED) {
  const commands: string[] = [];
  const answer = ownJob({
    environment,
    readCgroup: async () => cgroup,
    run: async (command) => {
      commands.push(command.join(' '));
      return jobs;
    },
  });
  return { answer, commands };
}

describe('what systemd is doing with this daemon', () => {
  it.each(['restart', 'stop'])('is read from the job of its own unit: %s', async (kind) => {
    const { answer, commands } = asked(`4711 eipkeeper.service ${kind} running\n`);
    expect(await answer).toBe(kind);
    expect(commands).toEqual(['systemctl list-jobs --no-legend --plain eipkeeper.service']);
  });

  it.each([
    ['another unit has a job', '4711 other.service restart running\n'],
    ['there is no job, as for a plain signal', ''],
  ])('is nothing when %s', async (_what, jobs) => {
    expect(await asked(jobs).answer).toBeNull();
  });

  it('is found by its own name, in the older hierarchy and below its own cgroup as well', async () => {
    const old = '12:pids:/system.slice/x.service\n1:name=systemd:/system.slice/keeper@a.service\n0::/\n';
    expect(await asked('1 keeper@a.service restart running', old).answer).toBe('restart');
    const below = '0::/system.slice/eipkeeper.service/daemon\n';
    expect(await asked('1 eipkeeper.service restart running', below).answer).toBe('restart');
  });

  it('is nothing where this is no service, or systemd is not there', async () => {
    const session = asked('1 eipkeeper.service restart running', '0::/user.slice/session-1.scope\n');
    expect(await session.answer).toBeNull();
    const readCgroup = () => Promise.reject(new Error('ENOENT'));
    expect(await ownJob({ environment, readCgroup })).toBeNull();
    expect(await ownJob({ environment: {} })).toBeNull();
  });
});
