import { afterEach, beforeEach, expect, it } from 'vitest';
import { InstanceStatus } from '../../../src/cloud/instance-status.ts';
import { bounds, errorXml, type FakeEc2, listOf, startFakeEc2 } from './fake-ec2.ts';

let ec2: FakeEc2;
let status: InstanceStatus;
let states: Record<string, string>;

beforeEach(async () => {
  ec2 = await startFakeEc2();
  status = new InstanceStatus(ec2.clients);
  states = { 'i-a': 'running', 'i-b': 'stopped' };
  ec2.answer = (query) => {
    const ids = listOf(query, 'InstanceId');
    if (ids.some((id) => states[id] === undefined)) return errorXml('InvalidInstanceID.NotFound');
    const items = ids
      .filter((id) => states[id] !== '')
      .map(
        (id) =>
          `<item><instanceId>${id}</instanceId><instanceState><name>${states[id]}</name></instanceState></item>`,
      );
    const set = `<instanceStatusSet>${items.join('')}</instanceStatusSet>`;
    return { xml: `<DescribeInstanceStatusResponse>${set}</DescribeInstanceStatusResponse>` };
  };
});
afterEach(() => ec2.close());

it.each([
  ['running', 'running'],
  ['stopped', 'stopped'],
  ['terminated', 'terminated'],
  ['pending', 'unknown'],
  ['stopping', 'unknown'],
  ['shutting-down', 'unknown'],
  ['', 'unknown'],
])('reads the state "%s" as %s', async (state, condition) => {
  states['i-a'] = state;
  expect(await status.describe('i-a', bounds())).toEqual({ type: 'instance-condition', condition });
});

it('asks for all instances, because EC2 lists only running ones else', async () => {
  await status.describe('i-a', bounds());
  expect(ec2.calls('DescribeInstanceStatus')[0]?.get('IncludeAllInstances')).toBe('true');
});

it('asks for several instances in one request', async () => {
  const answers = await Promise.all([status.describe('i-a', bounds()), status.describe('i-b', bounds())]);
  expect(answers).toEqual([
    { type: 'instance-condition', condition: 'running' },
    { type: 'instance-condition', condition: 'stopped' },
  ]);
  expect(ec2.calls('DescribeInstanceStatus')).toHaveLength(1);
});

it('does not take an instance that EC2 does not know for terminated, nor let it spoil the others', async () => {
  const answers = await Promise.all([status.describe('i-a', bounds()), status.describe('i-gone', bounds())]);
  expect(answers[0]).toEqual({ type: 'instance-condition', condition: 'running' });
  expect(answers[1]).toMatchObject({ type: 'failed', failure: 'gone' });
});

it('says nothing of an instance when it is throttled', async () => {
  ec2.answer = () => errorXml('RequestLimitExceeded');
  expect(await status.describe('i-a', bounds())).toMatchObject({ type: 'failed', failure: 'throttled' });
});
