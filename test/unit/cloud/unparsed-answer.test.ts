import { expect, it } from 'vitest';
import { cloudError } from '../../../src/cloud/cloud-error.ts';

it("names the status of an answer that is no XML, instead of the SDK's parser", () => {
  const error = Object.assign(new Error('@aws-sdk XML parse error: Unexpected token'), {
    $metadata: { httpStatusCode: 503 },
  });
  const failed = cloudError('DescribeAddresses', error, 'maybe-sent');
  expect(failed.reason).toContain('HTTP 503');
  expect(failed.reason).not.toContain('parse');
});
