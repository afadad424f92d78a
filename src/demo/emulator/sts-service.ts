import { randomUUID } from 'node:crypto';
import { ApiError } from './api-error.ts';
import { ACCOUNT_ID } from './ec2-shapes.ts';
import { toXml } from './xml.ts';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** STS knows one call here: GetCallerIdentity. Throws ApiError for any other. */
export function callerIdentityXml(call: string, caller: string): string {
  if (call !== 'GetCallerIdentity') {
    throw new ApiError('InvalidAction', `Could not find operation ${call} for version 2011-06-15`);
  }
  return toXml('GetCallerIdentityResponse', NAMESPACE, {
    GetCallerIdentityResult: {
      Arn: `arn:aws:sts::${ACCOUNT_ID}:assumed-role/eipkeeper/${caller}`,
      UserId: `AROADEMO:${caller}`,
      Account: ACCOUNT_ID,
    },
    ResponseMetadata: { RequestId: randomUUID() },
  });
}

export const stsErrorXml = (error: ApiError): string =>
  toXml('ErrorResponse', NAMESPACE, {
    Error: { Type: 'Sender', Code: error.code, Message: error.message },
    RequestId: randomUUID(),
  });
