import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../../src/config/load.ts';

const file = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../../packaging/${name}`, import.meta.url)), 'utf8');

describe('what the packages bring', () => {
  it('has an example that the daemon would take', () => {
    const { file: example } = parseConfiguration(
      Buffer.from(file('eipkeeper.example.yaml')),
      'eipkeeper.example.yaml',
    );
    expect(Object.keys(example.nodes)).toEqual(['main', 'aux']);
  });

  it('makes the group that the example lets use the socket', () => {
    const { socket } = parseConfiguration(Buffer.from(file('eipkeeper.example.yaml')), 'example').file;
    expect(file('sysusers.conf')).toMatch(new RegExp(`^g ${socket.group} `, 'm'));
  });

  it.each([
    ['leaves services alone when the daemon ends', 'KillMode=process'],
    ['lives on when a service runs out of memory', 'OOMPolicy=continue'],
    ['stops before what it starts and before the network', 'nginx.service haproxy.service'],
    ['waits longer than the daemon, which gives up after 60 s', 'TimeoutStopSec=75s'],
    ['never gives up', 'StartLimitIntervalSec=0'],
    ['lets a hung daemon not wake up', 'WatchdogSignal=SIGKILL'],
    ['keeps its niceness from services', 'CPUSchedulingResetOnFork=yes'],
    ['may make control groups for what must never run twice', 'Delegate=yes'],
    ['leaves what the guard was told last', 'RuntimeDirectoryPreserve=yes'],
  ])('has a unit that %s', (_what, line) => {
    expect(file('eipkeeper.service')).toContain(line);
  });

  it.each([
    ['looks where the daemon, whose folder that is, writes', '--directory /run/eipkeeper/guard'],
    ['is started again and goes on from what it was told', 'Restart=on-failure'],
    ['keeps that over its restart', 'RuntimeDirectoryPreserve=yes'],
    ['stops after the daemon', 'Before=eipkeeper.service'],
    ['is the last that dies when memory is short', 'OOMScoreAdjust=-1000'],
  ])('has a unit of the guard that %s', (_what, line) => {
    expect(file('eipkeeper-guard.service')).toContain(line);
  });

  it('starts the guard where there is an exclusive group, not by the unit of the daemon', () => {
    expect(file('eipkeeper.service')).toContain('EIPKEEPER_GUARD_UNIT=eipkeeper-guard.service');
    expect(file('eipkeeper.service')).not.toMatch(/^(Wants|Requires|BindsTo)=.*guard/m);
    expect(file('eipkeeper-guard.service')).not.toContain('[Install]');
  });

  it('has a unit without a file system of its own: services would lose theirs', () => {
    expect(file('eipkeeper.service')).not.toMatch(/^(Protect\w+|Private\w+|ReadOnlyPaths)=/m);
  });
});
