import { AssociateAddressCommand, DescribeAddressesCommand } from '@aws-sdk/client-ec2';
import { GetParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { expect, test, vi } from 'vitest';
import { clientsOf, manualClock, startEmulator } from './emulator-fixture.ts';

const put = (name: string) => new PutParameterCommand({ Name: name, Value: 'x', Type: 'String' });
const describeAddresses = new DescribeAddressesCommand({});

test('an error befalls only the node and call it names, and only as often as it says', async () => {
  const { emulator } = await startEmulator();
  const main = clientsOf(emulator, 'main');
  const aux = clientsOf(emulator, 'aux');
  emulator.faults.inject({
    node: 'main',
    call: 'DescribeAddresses',
    times: 1,
    fault: { kind: 'error', code: 'RequestLimitExceeded' },
  });
  await aux.ec2.send(describeAddresses);
  await expect(main.ec2.send(describeAddresses)).rejects.toMatchObject({
    name: 'RequestLimitExceeded',
    $metadata: { httpStatusCode: 503 },
  });
  await main.ec2.send(describeAddresses);
});

test('a removed rule no longer applies', async () => {
  const { emulator } = await startEmulator();
  const { ssm } = clientsOf(emulator);
  const remove = emulator.faults.inject({
    service: 'ssm',
    fault: { kind: 'error', code: 'ThrottlingException' },
  });
  await expect(ssm.send(put('/demo/a'))).rejects.toMatchObject({ name: 'ThrottlingException' });
  remove();
  await ssm.send(put('/demo/a'));
});

test('UnauthorizedOperation comes before the answer to a dry run', async () => {
  const { emulator, allocationId } = await startEmulator();
  const { ec2 } = clientsOf(emulator, 'main');
  emulator.faults.inject({
    call: 'AssociateAddress',
    fault: { kind: 'error', code: 'UnauthorizedOperation' },
  });
  const dryRun = new AssociateAddressCommand({ AllocationId: allocationId, DryRun: true });
  await expect(ec2.send(dryRun)).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
});

test('a bare 503 reaches the SDK as a server fault without effect', async () => {
  const { emulator } = await startEmulator();
  const { ssm } = clientsOf(emulator);
  emulator.faults.inject({ fault: { kind: 'http', status: 503 } });
  await expect(ssm.send(put('/demo/a'))).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
  expect(emulator.parameters.get('/demo/a')).toBeNull();
});

test('a connection dropped after the effect leaves the caller ignorant of a success', async () => {
  const { emulator } = await startEmulator();
  const { ssm } = clientsOf(emulator, 'main');
  emulator.faults.inject({ call: 'PutParameter', times: 1, fault: { kind: 'drop', applied: true } });
  await expect(ssm.send(put('/demo/term/1'))).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(emulator.parameters.get('/demo/term/1')?.value).toBe('x');
  expect(emulator.journal.calls({ call: 'PutParameter' })).toMatchObject([
    { node: 'main', result: 'dropped', applied: true, parameters: { Name: '/demo/term/1' } },
  ]);
});

test('a hung call is not answered, and has no effect unless it says so', async () => {
  const { emulator } = await startEmulator();
  const { ssm } = clientsOf(emulator);
  emulator.faults.inject({ call: 'PutParameter', fault: { kind: 'hang', applied: false } });
  const abortSignal = AbortSignal.timeout(150);
  await expect(ssm.send(put('/demo/a'), { abortSignal })).rejects.toMatchObject({ name: 'AbortError' });
  expect(emulator.parameters.get('/demo/a')).toBeNull();
  expect(emulator.journal.count({ call: 'PutParameter', result: 'hung', applied: false })).toBe(1);
});

test('a delayed call takes effect late, though its caller has given up', async () => {
  const { emulator } = await startEmulator();
  const { ssm } = clientsOf(emulator);
  emulator.faults.inject({ call: 'PutParameter', fault: { kind: 'delay', beforeMs: 200 } });
  const abortSignal = AbortSignal.timeout(100);
  await expect(ssm.send(put('/demo/a'), { abortSignal })).rejects.toThrow();
  expect(emulator.parameters.get('/demo/a')).toBeNull();
  await vi.waitFor(() => expect(emulator.parameters.get('/demo/a')?.value).toBe('x'), 2_000);
});

test('the calls of an unplugged node hang without effect until it is plugged in again', async () => {
  const { emulator } = await startEmulator();
  const main = clientsOf(emulator, 'main');
  const aux = clientsOf(emulator, 'aux');
  emulator.cloud.unplug('main');
  const abortSignal = AbortSignal.timeout(150);
  await expect(main.ssm.send(put('/demo/a'), { abortSignal })).rejects.toThrow();
  await aux.ssm.send(put('/demo/a'));
  emulator.cloud.plugIn('main');
  await main.ssm.send(new GetParameterCommand({ Name: '/demo/a' }));
});

test('unknown and expired keys are refused in the words of each service', async () => {
  const clock = manualClock(Date.now());
  const { emulator } = await startEmulator({ nowMs: clock.nowMs, credentialsLifetimeMs: 60_000 });
  const { ec2, ssm } = clientsOf(emulator, 'main');
  await ec2.send(describeAddresses);
  clock.advance(60_000);
  await expect(ec2.send(describeAddresses)).rejects.toMatchObject({ name: 'RequestExpired' });
  await expect(ssm.send(put('/demo/a'))).rejects.toMatchObject({ name: 'ExpiredTokenException' });
  expect(emulator.credentialsOf('main').expiresAtMs).toBe(clock.nowMs() + 60_000);
});

test('STS says who is calling', async () => {
  const { emulator } = await startEmulator();
  const { accessKeyId } = emulator.credentialsOf('aux');
  const response = await fetch(emulator.endpoint, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20300101/eu-central-1/sts/aws4_request, Signature=0`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
  });
  expect(await response.text()).toContain('assumed-role/eipkeeper/aux</Arn>');
});

test('/ping is answered without keys and is not counted as a call', async () => {
  const { emulator } = await startEmulator();
  const response = await fetch(`${emulator.endpoint}/ping`);
  expect(response.status).toBe(200);
  expect(await response.text()).toBe('healthy\n');
  expect(emulator.journal.count()).toBe(0);
});
