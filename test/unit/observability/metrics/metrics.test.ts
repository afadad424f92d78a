import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Term } from '../../../../src/core/types.ts';
import { METRICS } from '../../../../src/observability/metrics/definitions.ts';
import { EventCounters } from '../../../../src/observability/metrics/event-counters.ts';
import { Exposition } from '../../../../src/observability/metrics/exposition.ts';
import { Histogram } from '../../../../src/observability/metrics/histogram.ts';
import { type MetricsSources, metricsText } from '../../../../src/observability/metrics/metrics-text.ts';
import { WireCounters } from '../../../../src/wire/wire-counters.ts';
import { describeWhere, missingPrograms } from '../../../support/describe-where.ts';
import { groupStatus, statusSnapshot } from '../../control/snapshot-fixture.ts';

const PHASES = { detectMs: 1_000, claimMs: 80, moveMs: 610, startMs: 0, totalMs: 1_690 };

function sources(overrides: Partial<MetricsSources> = {}): MetricsSources {
  const events = new EventCounters();
  events.note({ type: 'serving', group: 'web', term: 7 as Term, reason: 'takeover', ...PHASES });
  events.apiCall('EC2 DescribeAddresses', 'ok', 42);
  events.apiCall('SSM PutParameter', 'throttled', 12);
  const lateness = new Histogram([0.01, 0.1]);
  lateness.observe(0.002);
  lateness.observe(0.5);
  const wire = new WireCounters();
  wire.dropped('bad-signature');
  wire.sendFailed('ENETUNREACH');
  return {
    snapshot: statusSnapshot({
      groups: [
        groupStatus({
          failures: [{ resource: 'nginx', count: 2, reason: 'it ended', ineligible: false, until: null }],
        }),
      ],
    }),
    transport: wire.snapshot(),
    events,
    lateness,
    droppedDatagrams: 0,
    process: { startedAtMs: 1_800_000_000_000, residentBytes: 80_000_000, cpuMicros: 1_500_000 },
    http: { connections: 1, requests: 2, turnedAway: 3 },
    ...overrides,
  };
}

const lines = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
const sampleOf = (text: string, series: string) =>
  lines(text)
    .find((line) => line.startsWith(`${series} `))
    ?.slice(series.length + 1);

describe('the metrics', () => {
  it('are those of the table, each with its type and its labels, and all of them', () => {
    const text = metricsText(sources());
    for (const { name, type, labels } of Object.values(METRICS)) {
      expect(text).toContain(`# TYPE ${name} ${type}\n`);
      const pattern = new RegExp(`^${name}(?:_bucket|_sum|_count)?(?:\\{(.*)\\})? `);
      const own = lines(text).filter((line) => pattern.test(line));
      expect(own.length).toBeGreaterThan(0);
      for (const line of own) {
        const found = [...(pattern.exec(line)?.[1] ?? '').matchAll(/(\w+)="/g)].map((match) => match[1]);
        expect(found.filter((label) => label !== 'le')).toEqual(labels);
      }
    }
    const known = new Set<string>(Object.values(METRICS).map(({ name }) => name));
    const served = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]!);
    expect(served.filter((name) => !known.has(name))).toEqual([]);
  });

  it('say what the status says', () => {
    const text = metricsText(sources());
    expect(sampleOf(text, 'eipkeeper_leader{group="web"}')).toBe('1');
    expect(sampleOf(text, 'eipkeeper_term{group="web"}')).toBe('7');
    expect(sampleOf(text, 'eipkeeper_authority_left_seconds{group="web"}')).toBe('0.912');
    expect(sampleOf(text, 'eipkeeper_heartbeats_lost_total{member="aux",path="0"}')).toBe('2');
    expect(sampleOf(text, 'eipkeeper_resource_failures{group="web",resource="nginx"}')).toBe('2');
    expect(sampleOf(text, 'eipkeeper_datagrams_rejected_total{reason="bad-signature"}')).toBe('1');
    expect(sampleOf(text, 'eipkeeper_datagrams_rejected_total{reason="duplicate"}')).toBe('0');
    expect(sampleOf(text, 'eipkeeper_leaderships_total{group="web",reason="takeover"}')).toBe('1');
    expect(sampleOf(text, 'eipkeeper_leaderships_total{group="web",reason="switchover"}')).toBe('0');
  });

  it('measure in seconds, in buckets that add up', () => {
    const text = metricsText(sources());
    const move = 'group="web",reason="takeover",phase="move"';
    expect(sampleOf(text, `eipkeeper_takeover_phase_seconds_bucket{${move},le="0.5"}`)).toBe('0');
    expect(sampleOf(text, `eipkeeper_takeover_phase_seconds_bucket{${move},le="1"}`)).toBe('1');
    expect(sampleOf(text, `eipkeeper_takeover_phase_seconds_sum{${move}}`)).toBe('0.61');
    expect(sampleOf(text, 'eipkeeper_loop_lateness_seconds_bucket{le="0.1"}')).toBe('1');
    expect(sampleOf(text, 'eipkeeper_loop_lateness_seconds_bucket{le="+Inf"}')).toBe('2');
    expect(sampleOf(text, 'eipkeeper_loop_lateness_seconds_count')).toBe('2');
  });

  it('have no authority for a standby, and one without end for a node alone', () => {
    const alone = { held: true, forMs: Number.MAX_SAFE_INTEGER, source: 'grants' } as const;
    const of = (role: 'leading' | 'standby') =>
      metricsText(
        sources({ snapshot: statusSnapshot({ groups: [groupStatus({ role, authority: alone })] }) }),
      );
    expect(sampleOf(of('leading'), 'eipkeeper_authority_left_seconds{group="web"}')).toBe('+Inf');
    expect(sampleOf(of('leading'), 'eipkeeper_authority{group="web"}')).toBe('1');
    expect(sampleOf(of('standby'), 'eipkeeper_authority{group="web"}')).toBe('0');
  });

  it('have no series twice, also with two resources of one name', () => {
    const nginx = (state: 'started' | 'failed') =>
      ({ name: 'nginx', type: 'nginx', state, reason: '', monitor: '' }) as const;
    const resources = [nginx('started'), nginx('failed')];
    const text = metricsText(sources({ snapshot: statusSnapshot({ groups: [groupStatus({ resources })] }) }));
    const series = lines(text).map((line) => line.slice(0, line.lastIndexOf(' ')));
    expect(new Set(series).size).toBe(series.length);
    const labels = '{group="web",resource="nginx",type="nginx"}';
    expect(sampleOf(text, `eipkeeper_resource_started${labels}`)).toBe('0');
    expect(sampleOf(text, `eipkeeper_resource_failed${labels}`)).toBe('1');
  });

  it('keep quotes, backslashes and line breaks of a label out of the format', () => {
    const exposition = new Exposition();
    exposition.add('resourceStarted', true, 'web', 'a"b\\c\nd', 'exec');
    expect(exposition.text()).toContain('resource="a\\"b\\\\c\\nd"');
  });
});

describeWhere(missingPrograms({ promtool: 'prometheus' }), 'promtool', () => {
  it('finds nothing to say about them', () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: metricsText(sources()),
      encoding: 'utf8',
    });
    expect({ status, output: stdout + stderr }).toEqual({ status: 0, output: '' });
  });
});
