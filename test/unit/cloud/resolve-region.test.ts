import { expect, it } from 'vitest';
import type { InstanceIdentity } from '../../../src/cloud/imds.ts';
import { resolveRegion } from '../../../src/cloud/resolve-region.ts';

const signal = new AbortController().signal;
const onEc2 = { readIdentity: async () => ({ region: 'eu-west-1' }) as InstanceIdentity };
const elsewhere = { readIdentity: () => Promise.reject(new Error('no metadata service')) };

it('takes the Region from the environment without asking the metadata service', async () => {
  expect(await resolveRegion({ AWS_REGION: 'eu-central-1' }, elsewhere, signal)).toBe('eu-central-1');
  expect(await resolveRegion({ AWS_DEFAULT_REGION: 'us-east-2' }, elsewhere, signal)).toBe('us-east-2');
});

it('takes the Region of the instance when the environment names none', async () => {
  expect(await resolveRegion({ AWS_REGION: '' }, onEc2, signal)).toBe('eu-west-1');
  await expect(resolveRegion({}, elsewhere, signal)).rejects.toThrow('no metadata service');
});
