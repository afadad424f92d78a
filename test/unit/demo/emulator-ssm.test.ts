import {
  DeleteParameterCommand,
  DeleteParametersCommand,
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  ParameterAlreadyExists,
  ParameterNotFound,
  PutParameterCommand,
} from '@aws-sdk/client-ssm';
import { describe, expect, test } from 'vitest';
import { clientsOf, manualClock, startEmulator } from './emulator-fixture.ts';

async function startStore() {
  const clock = manualClock();
  const { emulator } = await startEmulator({ nowMs: clock.nowMs });
  const { ssm } = clientsOf(emulator);
  const put = (Name: string, Value: string, more: object = {}) =>
    ssm.send(new PutParameterCommand({ Name, Value, Type: 'String', ...more }));
  const get = async (Name: string, more: object = {}) =>
    (await ssm.send(new GetParameterCommand({ Name, ...more }))).Parameter;
  return { emulator, ssm, clock, put, get };
}

describe('PutParameter', () => {
  test('creates once: the second is ParameterAlreadyExists and changes nothing', async () => {
    const { put, get, clock } = await startStore();
    expect(await put('/demo/web/term/1', 'first')).toMatchObject({ Version: 1 });
    await expect(put('/demo/web/term/1', 'second')).rejects.toBeInstanceOf(ParameterAlreadyExists);
    expect(await get('/demo/web/term/1')).toMatchObject({
      Value: 'first',
      Type: 'String',
      Version: 1,
      LastModifiedDate: new Date(clock.nowMs()),
    });
  });

  test('lets exactly one of forty concurrent creations win', async () => {
    const { put } = await startStore();
    const results = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) => put('/demo/web/term/1', `owner ${index}`)),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('overwrites when told to, and keeps the earlier versions readable', async () => {
    const { put, get } = await startStore();
    await put('/demo/newest', '1', { Overwrite: true });
    expect(await put('/demo/newest', '2', { Overwrite: true, Type: undefined })).toMatchObject({
      Version: 2,
    });
    expect((await get('/demo/newest'))?.Value).toBe('2');
    expect((await get('/demo/newest:1'))?.Value).toBe('1');
  });

  test.each([
    ['a value of more than 4 KB', '/demo/a', { Value: 'x'.repeat(4097) }],
    ['a new parameter without a type', '/demo/a', { Type: undefined }],
    ['a path that does not begin with a slash', 'demo/a', {}],
    ['a reserved name', '/aws/a', {}],
  ])('refuses %s with ValidationException', async (_what, name, more) => {
    const { put } = await startStore();
    await expect(put(name, 'value', more)).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('reading', () => {
  test('a parameter that is not there is ParameterNotFound', async () => {
    const { get } = await startStore();
    await expect(get('/demo/none')).rejects.toBeInstanceOf(ParameterNotFound);
  });

  test('GetParameters separates what it found from what it did not', async () => {
    const { ssm, put } = await startStore();
    await put('/demo/a', '1');
    const answer = await ssm.send(new GetParametersCommand({ Names: ['/demo/a', '/demo/b'] }));
    expect(answer.Parameters?.map(({ Name }) => Name)).toEqual(['/demo/a']);
    expect(answer.InvalidParameters).toEqual(['/demo/b']);
  });

  test('a SecureString shows its value only with decryption', async () => {
    const { put, get } = await startStore();
    await put('/demo/key', 'secret', { Type: 'SecureString' });
    expect((await get('/demo/key'))?.Value).not.toContain('secret');
    expect((await get('/demo/key', { WithDecryption: true }))?.Value).toBe('secret');
  });

  test('GetParametersByPath pages through all direct children, once each', async () => {
    const { ssm, put } = await startStore();
    const names = Array.from({ length: 23 }, (_, index) => `/demo/web/term/${index + 1}`);
    for (const name of [...names, '/demo/web/term/1/below', '/demo/web/terms']) await put(name, 'x');
    const seen: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await ssm.send(
        new GetParametersByPathCommand({ Path: '/demo/web/term', MaxResults: 10, NextToken }),
      );
      seen.push(...(page.Parameters ?? []).map(({ Name }) => Name ?? ''));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(seen.sort()).toEqual(names.sort());
  });

  test('a stale fault hides a parameter that is younger than it says', async () => {
    const { emulator, put, get, clock } = await startStore();
    clock.advance(10_000);
    await put('/demo/a', '1');
    emulator.faults.inject({ call: 'GetParameter', times: 1, fault: { kind: 'stale', ageMs: 3_000 } });
    await expect(get('/demo/a')).rejects.toBeInstanceOf(ParameterNotFound);
    expect((await get('/demo/a'))?.Value).toBe('1');
  });
});

test('deleting frees the name, and says which names there were', async () => {
  const { ssm, put } = await startStore();
  await put('/demo/a', '1');
  await put('/demo/b', '1');
  const many = await ssm.send(new DeleteParametersCommand({ Names: ['/demo/a', '/demo/none'] }));
  expect(many).toMatchObject({ DeletedParameters: ['/demo/a'], InvalidParameters: ['/demo/none'] });
  await ssm.send(new DeleteParameterCommand({ Name: '/demo/b' }));
  await expect(ssm.send(new DeleteParameterCommand({ Name: '/demo/b' }))).rejects.toBeInstanceOf(
    ParameterNotFound,
  );
  expect(await put('/demo/a', 'again')).toMatchObject({ Version: 1 });
});
