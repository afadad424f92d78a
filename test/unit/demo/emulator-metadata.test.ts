import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { AwsEmulator } from '../../../src/demo/emulator/aws-emulator.ts';
import { manualClock, PUBLIC_IP, startEmulator } from './emulator-fixture.ts';

async function fetchToken(emulator: AwsEmulator, node: string, ttlSeconds = '60', more = {}) {
  const response = await fetch(`${emulator.metadataEndpoint(node)}/latest/api/token`, {
    method: 'PUT',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': ttlSeconds, ...more },
  });
  return { status: response.status, token: await response.text() };
}

async function openMetadata(emulator: AwsEmulator, node: string) {
  const { token } = await fetchToken(emulator, node);
  return async (path: string) => {
    const response = await fetch(`${emulator.metadataEndpoint(node)}/latest/meta-data/${path}`, {
      headers: { 'x-aws-ec2-metadata-token': token },
    });
    const body = await response.text();
    return response.ok ? body : response.status;
  };
}

test('each node finds its own identity on its own port', async () => {
  const { emulator, allocationId } = await startEmulator();
  emulator.cloud.associate({
    allocationId,
    networkInterfaceId: emulator.cloud.interfaceOf('aux').networkInterfaceId,
  });
  for (const [node, privateIp] of [
    ['main', '127.0.0.11'],
    ['aux', '127.0.0.12'],
  ] as const) {
    const get = await openMetadata(emulator, node);
    const { macAddress, networkInterfaceId } = emulator.cloud.interfaceOf(node);
    expect(await get('instance-id')).toBe(emulator.cloud.instanceOf(node).instanceId);
    expect(await get('placement/region')).toBe('eu-central-1');
    expect(await get('placement/availability-zone')).toBe('eu-central-1a');
    expect(await get('local-ipv4')).toBe(privateIp);
    expect(await get('mac')).toBe(macAddress);
    expect(await get('network/interfaces/macs/')).toBe(`${macAddress}/`);
    expect(await get(`network/interfaces/macs/${macAddress}/interface-id`)).toBe(networkInterfaceId);
    expect(await get(`network/interfaces/macs/${macAddress}/local-ipv4s`)).toBe(privateIp);
    expect(await get(`network/interfaces/macs/${macAddress}/ipv4-associations/`)).toBe(
      node === 'aux' ? PUBLIC_IP : 404,
    );
  }
});

test('nothing is told without a valid token', async () => {
  const clock = manualClock();
  const { emulator } = await startEmulator({ nowMs: clock.nowMs });
  const url = `${emulator.metadataEndpoint('main')}/latest/meta-data/instance-id`;
  expect((await fetch(url)).status).toBe(401);
  const get = await openMetadata(emulator, 'main');
  clock.advance(59_999);
  expect(await get('instance-id')).toMatch(/^i-/);
  clock.advance(1);
  expect(await get('instance-id')).toBe(401);
});

test.each([
  ['no lifetime', '', {}, 400],
  ['a lifetime of more than six hours', '21601', {}, 400],
  ['a request that a proxy forwarded', '60', { 'x-forwarded-for': '198.51.100.1' }, 403],
])('refuses a token for %s', async (_what, ttlSeconds, headers, status) => {
  const { emulator } = await startEmulator();
  expect((await fetchToken(emulator, 'main', ttlSeconds, headers)).status).toBe(status);
});

test('a notice is a 404 until it is set, and again after it is taken back', async () => {
  const { emulator } = await startEmulator();
  const get = await openMetadata(emulator, 'main');
  const notice = { action: 'terminate', time: '2030-01-01T00:02:00Z' };
  expect(await get('spot/instance-action')).toBe(404);
  emulator.metadataOf('main').setNotice('spot/instance-action', notice);
  expect(JSON.parse(String(await get('spot/instance-action')))).toEqual(notice);
  emulator.metadataOf('main').setNotice('spot/instance-action', null);
  expect(await get('spot/instance-action')).toBe(404);
  expect(await get('events/maintenance/scheduled')).toBe('[]');
  emulator.metadataOf('main').setNotice('autoscaling/target-lifecycle-state', 'Terminated');
  expect(await get('autoscaling/target-lifecycle-state')).toBe('Terminated');
  expect(await (await openMetadata(emulator, 'aux'))('autoscaling/target-lifecycle-state')).toBe(404);
});

test('answers 503 to everything while unavailable', async () => {
  const { emulator } = await startEmulator();
  emulator.metadataOf('main').setMode('unavailable');
  expect((await fetchToken(emulator, 'main')).status).toBe(503);
});

test("the SDK's default chain in another process finds keys, region and endpoint by itself", async () => {
  const { emulator } = await startEmulator();
  const script = `
    const { EC2Client, DescribeAddressesCommand } = await import('@aws-sdk/client-ec2');
    const answer = await new EC2Client({}).send(new DescribeAddressesCommand({}));
    console.log(answer.Addresses[0].PublicIp);
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: emulator.environmentOf('aux'),
  });
  expect(stdout.trim()).toBe(PUBLIC_IP);
  expect(emulator.journal.count({ node: 'aux', call: 'DescribeAddresses', result: 'ok' })).toBe(1);
});

test('the environment of a node carries no AWS settings of the person who runs the demo', async () => {
  const { emulator } = await startEmulator();
  const environment = emulator.environmentOf('main', { AWS_PROFILE: 'production', PATH: '/bin' });
  expect(environment.AWS_PROFILE).toBeUndefined();
  expect(environment).toMatchObject({ PATH: '/bin', AWS_REGION: 'eu-central-1' });
});
