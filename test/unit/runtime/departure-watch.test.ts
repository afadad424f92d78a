import { describe, expect, it } from 'vitest';
import type { OwnDeparture } from '../../../src/core/events.ts';
import { DepartureWatch } from '../../../src/runtime/departure-watch.ts';

const SPOT = { action: 'terminate', time: '2026-11-21T12:04:00Z' };

function machine() {
  const told: OwnDeparture[] = [];
  const answers = new Map<string, string | Error>();
  const watch = new DepartureWatch({
    read: async (path) => {
      const answer = answers.get(path) ?? null;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    policy: () => ({ rebalance: true, maintenanceLeadMs: 0 }),
    wallMs: () => Date.UTC(2026, 10, 21, 12),
    onDeparture: (departure) => told.push(departure),
    log: { warn: () => {}, info: () => {} },
  });
  return { told, answers, watch };
}

describe('the watch over the end of this machine', () => {
  it('tells a notice once, and that it was withdrawn', async () => {
    const { told, answers, watch } = machine();
    await watch.look();
    answers.set('spot/instance-action', JSON.stringify(SPOT));
    await watch.look();
    await watch.look();
    answers.delete('spot/instance-action');
    await watch.look();
    expect(told.map(({ grade }) => grade)).toEqual(['imminent', 'none']);
  });

  it('tells the more urgent of two', async () => {
    const { told, answers, watch } = machine();
    answers.set('events/recommendations/rebalance', '{"noticeTime":"2026-11-21T11:59:30Z"}');
    answers.set('autoscaling/target-lifecycle-state', 'Terminated');
    await watch.look();
    expect(told).toMatchObject([{ grade: 'imminent' }]);
  });

  it.each([
    ['no answer', new Error('the metadata service did not answer')],
    ['nonsense', '<html>busy</html>'],
  ])('takes %s for no event: neither a notice nor its end', async (_what, answer) => {
    const { told, answers, watch } = machine();
    answers.set('spot/instance-action', answer);
    await watch.look();
    expect(told).toEqual([]);
    answers.set('spot/instance-action', JSON.stringify(SPOT));
    await watch.look();
    answers.set('spot/instance-action', answer);
    await watch.look();
    expect(told.map(({ grade }) => grade)).toEqual(['imminent']);
  });

  it('hears one notice while the service is silent about the others', async () => {
    const { told, answers, watch } = machine();
    answers.set('events/maintenance/scheduled', new Error('timeout'));
    answers.set('spot/instance-action', JSON.stringify(SPOT));
    await watch.look();
    expect(told.map(({ grade }) => grade)).toEqual(['imminent']);
  });
});
