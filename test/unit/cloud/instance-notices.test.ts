import { describe, expect, it } from 'vitest';
import { type NoticeSource, readNotice } from '../../../src/cloud/instance-notices.ts';

const POLICY = { rebalance: true, maintenanceLeadMs: 600_000 };
const NOW = Date.UTC(2026, 10, 21, 12, 0, 0);
const read = (source: NoticeSource, body: string | null, policy = POLICY) =>
  readNotice(source, body, NOW, policy);

const event = (more: object) =>
  JSON.stringify([
    {
      Code: 'instance-stop',
      Description: 'The instance is scheduled for instance-stop',
      State: 'active',
      EventId: 'instance-event-1234567890abcdef0',
      NotBefore: '21 Nov 2026 12:05:00 GMT',
      NotAfter: '28 Nov 2026 14:35:01 GMT',
      ...more,
    },
  ]);

describe('a notice', () => {
  it.each(['spot', 'rebalance', 'maintenance', 'lifecycle'] as const)(
    'of %s that is not there is none',
    (source) => {
      expect(read(source, null)).toEqual({ grade: 'none', why: '' });
    },
  );

  it.each([
    ['terminate', 'EC2 takes this spot instance at 12:04:00Z'],
    ['stop', 'EC2 stops this spot instance at 12:04:00Z'],
    ['hibernate', 'EC2 hibernates this spot instance at 12:04:00Z'],
  ])('of a spot interruption says what EC2 does and when (%s)', (action, why) => {
    const body = JSON.stringify({ action, time: '2026-11-21T12:04:00Z' });
    expect(read('spot', body)).toEqual({ grade: 'imminent', why });
  });

  it('of a rebalance is a recommendation, and may be switched off', () => {
    const body = '{\n\t"noticeTime": "2026-11-21T11:59:30Z"\n}';
    expect(read('rebalance', body)).toMatchObject({
      grade: 'advised',
      why: expect.stringContaining('11:59:30Z'),
    });
    expect(read('rebalance', body, { ...POLICY, rebalance: false }).grade).toBe('none');
  });

  it('of the Auto Scaling group counts when the instance is to be terminated', () => {
    expect(read('lifecycle', 'InService').grade).toBe('none');
    expect(read('lifecycle', 'Terminated').grade).toBe('imminent');
  });

  it('of maintenance counts from ten minutes before its earliest start until it is over', () => {
    const near = read('maintenance', event({}));
    expect(near).toEqual({
      grade: 'imminent',
      why: 'EC2 has scheduled instance-stop of this instance from 2026-11-21T12:05Z on',
    });
    expect(read('maintenance', event({ NotBefore: '21 Nov 2026 12:10:01 GMT' })).grade).toBe('none');
    expect(read('maintenance', event({ NotBefore: '20 Nov 2026 12:00:00 GMT' })).grade).toBe('imminent');
    for (const State of ['completed', 'canceled']) {
      expect(read('maintenance', event({ State })).grade).toBe('none');
    }
    expect(read('maintenance', '[]').grade).toBe('none');
  });

  it.each<[NoticeSource, string]>([
    ['spot', 'not JSON'],
    ['spot', '"terminate"'],
    ['spot', '{"action":"dance","time":"2026-11-21T12:04:00Z"}'],
    ['spot', '{"action":"stop","time":"soon"}'],
    ['rebalance', '{}'],
    ['maintenance', '{}'],
    ['maintenance', '[null]'],
    ['maintenance', '[{"Code":"system-reboot","State":"active"}]'],
  ])('that makes no sense is an error, never an event (%s: %s)', (source, body) => {
    expect(() => read(source, body)).toThrow(/the metadata service says of/);
  });
});
