import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../src/core/timing-rules.ts';
import { changed, configuration, GOOD, refusalOf } from './configuration-fixture.ts';

const withSettings = (settings: string) => changed('groups:', `${settings}\ngroups:`);
const exclusive = (extra = '') => changed('    nodes:', `    kind: exclusive\n${extra}    nodes:`);

describe('the profiles', () => {
  it.each([
    ['default', 100, 300, 1_000, 400, 3_000],
    ['fast', 50, 150, 500, 250, 1_500],
    ['turbo', 30, 90, 400, 250, 1_000],
  ])('%s keeps every relation', (profile, keepaliveMs, warntimeMs, deadtimeMs, witnessTimeoutMs, leaseMs) => {
    const { timings } = configuration(withSettings(`profile: ${profile}`));
    expect(timings.keepaliveMs).toBe(keepaliveMs);
    expect(timings.groups.web).toMatchObject({ warntimeMs, deadtimeMs, witnessTimeoutMs, leaseMs });
  });

  it('leave exclusive groups their own, slower timings', () => {
    expect(configuration(exclusive()).timings.groups.web).toEqual({
      warntimeMs: 1_000,
      deadtimeMs: 7_000,
      leaseMs: 7_000,
      witnessTimeoutMs: 400,
      stopTimeoutMs: 5_000,
    });
  });
});

describe('timings of one’s own', () => {
  it('stretch the lease and initdead that nobody wrote: Heartbeat’s 2, 10 and 30 s work', () => {
    const { timings } = configuration(
      withSettings('timings: { keepalive: 2s, warntime: 10s, deadtime: 30s }'),
    );
    expect(timings.groups.web?.leaseMs).toBe(30_000);
    expect(timings.initdeadMs).toBe(Math.ceil(waitFor(30_000)));
  });

  it('of a group override those of the cluster', () => {
    const text = withSettings('timings: { warntime: 400ms }').replace(
      '    nodes:',
      '    timings: { warntime: 500ms, deadtime: 2s }\n    nodes:',
    );
    expect(configuration(text).timings.groups.web).toMatchObject({ warntimeMs: 500, deadtimeMs: 2_000 });
  });

  it.each([
    ['timings: { keepalive: 100ms, warntime: 300ms }', 'accepted'],
    [
      'timings: { keepalive: 101ms, warntime: 300ms }',
      'group web: three heartbeats must fit into warntime, but 3 × keepalive 101ms (timings.keepalive) is 303ms, more than warntime 300ms (timings.warntime)',
    ],
    ['timings: { deadtime: 758ms }', 'accepted'],
    [
      'timings: { deadtime: 757ms }',
      'group web: a leader must be able to defend itself between warntime and deadtime: warntime 300ms (profile default) + witnessTimeout 400ms (profile default) + 50ms is 750ms, but 99 % of deadtime 757ms (timings.deadtime) is 749ms; a deadtime of 758ms would do',
    ],
    ['timings: { lease: 1200ms }', 'accepted'],
    [
      'timings: { lease: 1199ms }',
      'group web: a lease must outlast deadtime 1s (profile default) and 3 × witnessTimeout: lease 1.199s (timings.lease) is shorter than 1.2s',
    ],
    ['timings: { initdead: 1021ms }', 'accepted'],
    [
      'timings: { initdead: 1020ms }',
      'group web: a starting node must wait longer than a deadtime, on any clock: initdead 1.02s (timings.initdead) is shorter than 1021ms, deadtime 1s (profile default) and 2 %',
    ],
  ])('%s: %s', (settings, outcome) => {
    const text = withSettings(settings);
    if (outcome === 'accepted') expect(configuration(text).timings.groups.web).toBeDefined();
    else
      expect(refusalOf(text)).toEqual([
        `eipkeeper.yaml:6: timings.${/\{ (?:keepalive: \S+ )?(\w+)/.exec(settings)?.[1]}: ${outcome}`,
      ]);
  });

  it.each([
    ['stopTimeout: 5480ms', true],
    ['stopTimeout: 5481ms', false],
  ])('of an exclusive group count the stop: %s', (setting, accepted) => {
    const text = exclusive(`    timings: { ${setting} }\n`);
    if (accepted) expect(configuration(text).timings.groups.web).toBeDefined();
    else
      expect(refusalOf(text)).toEqual([
        expect.stringContaining('less stopTimeout 5.481s (groups.web.timings.stopTimeout) is 1449ms'),
      ]);
  });

  it('of an exclusive group leave its services time to stop', () => {
    expect(refusalOf(exclusive('    timings: { stopTimeout: 399ms }\n'))).toEqual([
      expect.stringContaining('stopTimeout 399ms (groups.web.timings.stopTimeout) is shorter than 400ms'),
    ]);
    expect(
      configuration(exclusive('    timings: { stopTimeout: 400ms }\n')).timings.groups.web,
    ).toBeDefined();
  });

  it('of an exclusive group need a lease that outlasts the stop', () => {
    const text = exclusive(
      '    timings: { stopTimeout: 9s, deadtime: 20s, lease: 20s, witnessTimeout: 4s }\n',
    );
    expect(refusalOf(text)).toEqual([
      expect.stringContaining('lease 20s (groups.web.timings.lease) is shorter than 21s'),
    ]);
  });
});

describe('the writes to the witness in a partition', () => {
  const groups = (count: number) =>
    Array.from(
      { length: count },
      (_, index) =>
        `  g${index}: { nodes: [main, aux], resources: [{ elastic-ip: { publicIp: 203.0.113.${index + 20}, privateAddress: { main: 10.0.1.${index + 1}, aux: 10.0.2.${index + 1} } } }] }\n`,
    ).join('');

  it('are counted: a leader renews at 60 % of 10 s and writes the hint, a challenger tries once a lease', () => {
    expect(configuration().witnessLoad).toEqual({
      firstBurstWrites: 3,
      sustainedWritesPerSecond: 0.43,
      quotaPerSecond: 3,
      groupsOfOneNode: 1,
      termsBeforeDeadtime: 4,
    });
  });

  it('are refused above the quota', () => {
    expect(configuration(`${GOOD}${groups(3)}`).witnessLoad.sustainedWritesPerSecond).toBe(1.73);
    expect(refusalOf(`${GOOD}${groups(6)}`)).toEqual([
      expect.stringContaining('7 groups write 3.03 times a second to the witness, but writesPerSecond is 3'),
      expect.stringContaining('one node may lead 7 groups'),
    ]);
  });

  it('are refused when the terms of one leader do not fit between warntime and deadtime', () => {
    expect(refusalOf(`${GOOD}${groups(4)}`)).toEqual([
      expect.stringContaining('of 3 writes a second only 4 fit there'),
    ]);
    const patient = withSettings('timings: { deadtime: 2s }');
    expect(configuration(`${patient}${groups(5)}`).witnessLoad).toMatchObject({
      groupsOfOneNode: 6,
      termsBeforeDeadtime: 6,
    });
  });

  it('are accepted when the account allows more', () => {
    const text = `${withSettings('witness: { ssm: { writesPerSecond: 10 } }')}${groups(6)}`;
    expect(configuration(text).witnessLoad.quotaPerSecond).toBe(10);
  });

  it('shrink with longer leases', () => {
    const text = withSettings('timings: { lease: 20s }');
    expect(configuration(text).witnessLoad.sustainedWritesPerSecond).toBe(0.22);
  });
});
