import {
  DeleteParametersCommand,
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  PutParameterCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { type Backend, type Deviation, outcomeOf, plainSsm } from './backend.ts';

/** What this program relies on in Parameter Store, run against any backend that speaks its API. */
export function describeWitnessContract(backend: Backend): void {
  describe(`Parameter Store as spoken by ${backend.name}`, () => {
    let client: SSMClient | null = null;
    let folder = '';
    let count = 0;
    const deviates = (deviation: Deviation) => backend.deviations.includes(deviation);
    const get = (): World => {
      if (client === null) throw new Error('the backend is missing');
      return { ssm: client, folder };
    };

    beforeAll(() => {
      if ((backend.missing?.() ?? '') === '') client = plainSsm(backend.endpoint());
    });
    beforeEach((context: TestContext) => {
      const missing = backend.missing?.() ?? '';
      if (missing !== '') context.skip(missing);
      count += 1;
      folder = `/eipkeeper-contract-${process.pid}/group-${count}/term`;
    });
    afterAll(async () => {
      for (let group = 1; client !== null && group <= count; group += 1) {
        await empty(client, `/eipkeeper-contract-${process.pid}/group-${group}/term`);
      }
      client?.destroy();
    });

    describeCreating(get, deviates);
    describeFinding(get);
    describeDeleting(get, deviates);
  });
}

type World = { readonly ssm: SSMClient; readonly folder: string };

function describeCreating(get: () => World, deviates: (deviation: Deviation) => boolean): void {
  it('creates a parameter that does not exist as version 1', async () => {
    const { ssm, folder } = get();
    const answer = await ssm.send(putCommand(`${folder}/1`, 'first', false));
    expect(answer.Version).toBe(1);
  });

  it('refuses to create one that exists with ParameterAlreadyExists and keeps its value', async () => {
    const { ssm, folder } = get();
    await ssm.send(putCommand(`${folder}/1`, 'first', false));
    expect(await outcomeOf(ssm.send(putCommand(`${folder}/1`, 'second', false)))).toBe(
      'ParameterAlreadyExists',
    );
    expect(await readValue(ssm, `${folder}/1`)).toBe('first');
  });

  it('does not overwrite when the flag is left out', async () => {
    const { ssm, folder } = get();
    await ssm.send(putCommand(`${folder}/1`, 'first', false));
    expect(await outcomeOf(ssm.send(putCommand(`${folder}/1`, 'second', undefined)))).toBe(
      'ParameterAlreadyExists',
    );
  });

  it('overwrites when told to, counting versions', async () => {
    const { ssm, folder } = get();
    await ssm.send(putCommand(`${folder}/newest`, '1', true));
    const answer = await ssm.send(putCommand(`${folder}/newest`, '2', true));
    expect(answer.Version).toBe(2);
    expect(await readValue(ssm, `${folder}/newest`)).toBe('2');
  });

  it('takes a value of 4,096 bytes and refuses a longer one', async () => {
    const { ssm, folder } = get();
    const full = 'x'.repeat(4096);
    await ssm.send(putCommand(`${folder}/1`, full, false));
    expect(await readValue(ssm, `${folder}/1`)).toBe(full);
    const outcome = await outcomeOf(ssm.send(putCommand(`${folder}/2`, `${full}x`, false)));
    expect(outcome).toBe(deviates('oversized-value-accepted') ? 'success' : 'ValidationException');
  });
}

function describeFinding(get: () => World): void {
  it('answers a parameter that does not exist with ParameterNotFound', async () => {
    const { ssm, folder } = get();
    expect(await outcomeOf(ssm.send(new GetParameterCommand({ Name: `${folder}/1` })))).toBe(
      'ParameterNotFound',
    );
  });

  it('reads ten names in one call and tells apart those that do not exist', async () => {
    const { ssm, folder } = get();
    await ssm.send(putCommand(`${folder}/3`, 'three', false));
    const names = Array.from({ length: 10 }, (_, index) => `${folder}/${index + 1}`);
    const answer = await ssm.send(new GetParametersCommand({ Names: names }));
    expect(answer.Parameters?.map(({ Name, Value }) => ({ Name, Value }))).toEqual([
      { Name: `${folder}/3`, Value: 'three' },
    ]);
    expect(answer.InvalidParameters?.toSorted()).toEqual(
      names.filter((name) => !name.endsWith('/3')).toSorted(),
    );
  });

  it('refuses to read eleven names in one call', async () => {
    const { ssm, folder } = get();
    const names = Array.from({ length: 11 }, (_, index) => `${folder}/${index + 1}`);
    expect(await outcomeOf(ssm.send(new GetParametersCommand({ Names: names })))).toBe('ValidationException');
  });

  it('lists what lies under a path in pages of at most ten', async () => {
    const { ssm, folder } = get();
    for (let term = 1; term <= 12; term += 1)
      await ssm.send(putCommand(`${folder}/${term}`, `${term}`, false));
    const first = await ssm.send(new GetParametersByPathCommand({ Path: folder, MaxResults: 10 }));
    expect(first.Parameters).toHaveLength(10);
    const second = await ssm.send(
      new GetParametersByPathCommand({ Path: folder, NextToken: first.NextToken }),
    );
    const found = [...(first.Parameters ?? []), ...(second.Parameters ?? [])].map(({ Value }) =>
      Number(Value),
    );
    expect(found.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(second.NextToken ?? '').toBe('');
  });
}

function describeDeleting(get: () => World, deviates: (deviation: Deviation) => boolean): void {
  it('deletes in batches and names what did not exist', async () => {
    const { ssm, folder } = get();
    await ssm.send(putCommand(`${folder}/1`, 'first', false));
    const answer = await ssm.send(new DeleteParametersCommand({ Names: [`${folder}/1`, `${folder}/2`] }));
    expect(answer.DeletedParameters).toEqual([`${folder}/1`]);
    expect(answer.InvalidParameters).toEqual([`${folder}/2`]);
  });

  it('lets a deleted name be created again', async () => {
    const { ssm, folder } = get();
    await ssm.send(putCommand(`${folder}/1`, 'first', false));
    await ssm.send(new DeleteParametersCommand({ Names: [`${folder}/1`] }));
    expect((await ssm.send(putCommand(`${folder}/1`, 'again', false))).Version).toBe(1);
  });

  it('refuses to delete eleven names in one call', async () => {
    const { ssm, folder } = get();
    const names = Array.from({ length: 11 }, (_, index) => `${folder}/${index + 1}`);
    const outcome = await outcomeOf(ssm.send(new DeleteParametersCommand({ Names: names })));
    expect(outcome).toBe(deviates('oversized-delete-batch-accepted') ? 'success' : 'ValidationException');
  });
}

function putCommand(name: string, value: string, overwrite: boolean | undefined): PutParameterCommand {
  return new PutParameterCommand({ Name: name, Value: value, Type: 'String', Overwrite: overwrite });
}

async function readValue(ssm: SSMClient, name: string): Promise<string | undefined> {
  return (await ssm.send(new GetParameterCommand({ Name: name }))).Parameter?.Value;
}

async function empty(ssm: SSMClient, folder: string): Promise<void> {
  for (let page = 0; page < 5; page += 1) {
    const { Parameters } = await ssm.send(new GetParametersByPathCommand({ Path: folder, MaxResults: 10 }));
    const names = (Parameters ?? []).flatMap(({ Name }) => (Name === undefined ? [] : [Name]));
    if (names.length === 0) return;
    await ssm.send(new DeleteParametersCommand({ Names: names }));
  }
}
