import { describe, expect, it } from 'vitest';
import { cloudError, isStaleCredentials } from '../../../src/cloud/cloud-error.ts';
import type { CallFailure } from '../../../src/core/types.ts';

/** An error as the SDK throws it after the service answered. */
function answered(name: string, httpStatusCode: number, message = 'as the service says'): Error {
  return Object.assign(new Error(message), { name, $fault: 'client', $metadata: { httpStatusCode } });
}

/** An error as a socket or the resolver throws it. */
function socket(code: string, syscall?: string): Error {
  return Object.assign(new Error(`${syscall ?? 'read'} ${code}`), { code, ...(syscall ? { syscall } : {}) });
}

describe('an answer of the service', () => {
  const table: [string, number, CallFailure][] = [
    ['RequestLimitExceeded', 503, 'throttled'],
    ['RequestLimitExceeded', 400, 'throttled'],
    ['Throttling', 400, 'throttled'],
    ['ThrottlingException', 400, 'throttled'],
    ['TooManyUpdates', 400, 'throttled'],
    ['NeverHeardOf', 429, 'throttled'],
    ['UnauthorizedOperation', 403, 'denied'],
    ['AccessDeniedException', 400, 'denied'],
    ['ExpiredToken', 400, 'denied'],
    ['ExpiredTokenException', 400, 'denied'],
    ['RequestExpired', 400, 'denied'],
    ['AuthFailure', 401, 'denied'],
    ['UnrecognizedClientException', 400, 'denied'],
    ['InvalidClientTokenId', 403, 'denied'],
    ['InvalidSignatureException', 400, 'denied'],
    ['NeverHeardOf', 403, 'denied'],
    ['InvalidAllocationID.NotFound', 400, 'gone'],
    ['InvalidAssociationID.NotFound', 400, 'gone'],
    ['InvalidInstanceID.NotFound', 400, 'gone'],
    ['InvalidNetworkInterfaceID.NotFound', 400, 'gone'],
    ['InvalidAddress.NotFound', 400, 'gone'],
    ['ParameterNotFound', 400, 'gone'],
    ['Resource.AlreadyAssociated', 400, 'invalid'],
    ['ParameterAlreadyExists', 400, 'invalid'],
    ['ParameterLimitExceeded', 400, 'invalid'],
    ['ValidationException', 400, 'invalid'],
    ['InvalidParameterValue', 400, 'invalid'],
    ['InvalidParameterCombination', 400, 'invalid'],
    ['MissingParameter', 400, 'invalid'],
    ['InvalidAllocationID.Malformed', 400, 'invalid'],
    ['InternalError', 500, 'unknown'],
    ['InternalServerError', 500, 'unknown'],
    ['Unavailable', 503, 'unknown'],
    ['ServiceUnavailable', 503, 'unknown'],
    ['UnknownError', 502, 'unknown'],
    ['NeverHeardOf', 400, 'unknown'],
    ['UnknownError', 408, 'unknown'],
    ['NeverHeardOf', 409, 'unknown'],
    ['SyntaxError', 200, 'unknown'],
  ];
  it.each(table)('%s with HTTP %i is %s', (name, status, failure) => {
    expect(cloudError('EC2 AssociateAddress', answered(name, status), 'maybe-sent').failure).toBe(failure);
  });

  it('outweighs what the connection believed about sending', () => {
    expect(cloudError('x', answered('InternalError', 500), 'nothing-sent').failure).toBe('unknown');
  });
});

describe('no answer', () => {
  const table: [string, unknown, CallFailure][] = [
    ['a name that does not resolve', socket('ENOTFOUND', 'getaddrinfo'), 'not-sent'],
    ['a resolver that does not answer', socket('EAI_AGAIN', 'getaddrinfo'), 'not-sent'],
    ['a refused connection', socket('ECONNREFUSED', 'connect'), 'not-sent'],
    ['a network without a route', socket('ENETUNREACH', 'connect'), 'not-sent'],
    ['a connection that timed out in connect', socket('ETIMEDOUT', 'connect'), 'not-sent'],
    ['missing credentials', Object.assign(new Error('no'), { name: 'CredentialsProviderError' }), 'not-sent'],
    ['a refused certificate', socket('CERT_HAS_EXPIRED'), 'not-sent'],
    ['a certificate of another name', socket('ERR_TLS_CERT_ALTNAME_INVALID'), 'not-sent'],
    ['refused on all addresses', new AggregateError([socket('ECONNREFUSED', 'connect')]), 'not-sent'],
    [
      'refused on one address, reset on another',
      new AggregateError([socket('ECONNREFUSED', 'connect'), socket('ECONNRESET', 'read')]),
      'unknown',
    ],
    ['an empty aggregate', new AggregateError([]), 'unknown'],
    ['a reset', socket('ECONNRESET', 'read'), 'unknown'],
    ['a timeout while reading', socket('ETIMEDOUT', 'read'), 'unknown'],
    ['a broken pipe', socket('EPIPE', 'write'), 'unknown'],
    ['a TLS protocol error', socket('EPROTO', 'write'), 'unknown'],
    ['an abort', Object.assign(new Error('Request aborted'), { name: 'AbortError' }), 'unknown'],
    ['a timeout of the SDK', Object.assign(new Error('t'), { name: 'TimeoutError' }), 'unknown'],
    ['a string', 'what?', 'unknown'],
    ['undefined', undefined, 'unknown'],
    ['null', null, 'unknown'],
  ];
  it.each(table)('%s', (_, error, failure) => {
    expect(cloudError('SSM PutParameter', error, 'maybe-sent').failure).toBe(failure);
  });

  it.each(table)('%s, when the connection proves that nothing was sent, is not-sent', (_, error) => {
    expect(cloudError('SSM PutParameter', error, 'nothing-sent').failure).toBe('not-sent');
  });
});

describe('the sentence', () => {
  it('names the operation, the code, the message and what to do next', () => {
    const error = answered('UnauthorizedOperation', 403, 'You are not authorized to perform this operation.');
    expect(cloudError('EC2 AssociateAddress', error, 'maybe-sent').reason).toBe(
      "EC2 AssociateAddress failed: UnauthorizedOperation (You are not authorized to perform this operation.); it had no effect: check the policy of the instance's role",
    );
  });

  it('leaves out the encoded part of a refusal and stays short and on one line', () => {
    const encoded = `Not\nallowed. Encoded authorization failure message: ${'A'.repeat(2000)}`;
    const reason = cloudError('EC2 x', answered('UnauthorizedOperation', 403, encoded), 'maybe-sent').reason;
    expect(reason).not.toContain('AAAA');
    expect(reason).toContain('Not allowed.');
    const long = cloudError('EC2 x', answered('InternalError', 500, 'y'.repeat(5000)), 'maybe-sent').reason;
    expect(long.length).toBeLessThan(400);
  });
});

describe('credentials that went stale', () => {
  it('are told from a missing permission', () => {
    expect(isStaleCredentials(answered('ExpiredToken', 400))).toBe(true);
    expect(isStaleCredentials(answered('AuthFailure', 401))).toBe(true);
    expect(isStaleCredentials(answered('UnauthorizedOperation', 403))).toBe(false);
    expect(isStaleCredentials(socket('ECONNRESET'))).toBe(false);
  });
});
