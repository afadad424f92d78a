import type { CallResult } from '../core/events.ts';
import type { CallFailure } from '../core/types.ts';

/** A call that failed, in the core's words: the class, and a sentence for the operator. */
export type FailedCall = Extract<CallResult, { readonly type: 'failed' }>;

/** Whether a byte of the request can have left this machine, as the connection saw it. */
export type Sent = 'nothing-sent' | 'maybe-sent';

/**
 * Classifies what an AWS SDK, an HTTP client or a socket threw. An error is never an answer. The classes that
 * say "no effect" are given only to errors that are known to mean it: for the rest, HTTP 4xx included, the
 * effect is `unknown` and the caller has to look. `sent` proves 'not-sent' unless the service answered.
 */
export function cloudError(operation: string, error: unknown, sent: Sent): FailedCall {
  const status = httpStatusOf(error);
  const failure = status === null && sent === 'nothing-sent' ? 'not-sent' : classify(error, status);
  return {
    type: 'failed',
    failure,
    reason: `${operation} failed: ${describe(error)}; ${adviceFor(failure, error)}`,
  };
}

/** The code by which services and sockets name an error: 'RequestLimitExceeded', 'ECONNREFUSED'; else ''. */
export function errorCode(error: unknown): string {
  const code = field(error, 'Code') ?? field(error, 'code');
  const name = field(error, 'name');
  if (name !== undefined && httpStatusOf(error) !== null) return name;
  return code ?? name ?? '';
}

/** The HTTP status with which the service answered, or null when no answer came. */
export function httpStatusOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null) return null;
  const metadata = (error as { $metadata?: { httpStatusCode?: unknown } }).$metadata;
  return typeof metadata?.httpStatusCode === 'number' ? metadata.httpStatusCode : null;
}

function classify(error: unknown, status: number | null): CallFailure {
  const code = errorCode(error);
  if (status === null) return isNeverConnected(error, code) ? 'not-sent' : 'unknown';
  if (THROTTLED.has(code) || status === 429) return 'throttled';
  if (status >= 500) return 'unknown';
  if (status < 400) return 'unknown';
  if (DENIED.has(code)) return 'denied';
  if (GONE.has(code)) return 'gone';
  if (INVALID.has(code) || INVALID_PATTERN.test(code)) return 'invalid';
  // 403 and 401 are refusals whatever the name; other unnamed refusals may come from something between.
  return status === 403 || status === 401 ? 'denied' : 'unknown';
}

/** Request limits, of EC2 (a token bucket per account) and of Systems Manager. */
const THROTTLED: ReadonlySet<string> = new Set([
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'TooManyRequestsException',
  // Systems Manager: another write of the same parameter was under way, and this one was not done.
  'TooManyUpdates',
  'EC2ThrottledException',
  'PriorRequestNotComplete',
  'SlowDown',
]);

const DENIED: ReadonlySet<string> = new Set([
  'UnauthorizedOperation',
  'AccessDenied',
  'AccessDeniedException',
  'AuthFailure',
  'Blocked',
  'ExpiredToken',
  'ExpiredTokenException',
  'RequestExpired',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'IncompleteSignature',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'NotAuthorized',
  'OptInRequired',
  'PendingVerification',
  'OperationNotPermitted',
]);

/** Codes after which asking for new credentials can help. */
const STALE_CREDENTIALS: ReadonlySet<string> = new Set([
  'AuthFailure',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
]);

export function isStaleCredentials(error: unknown): boolean {
  return httpStatusOf(error) !== null && STALE_CREDENTIALS.has(errorCode(error));
}

const GONE: ReadonlySet<string> = new Set([
  'InvalidAddress.NotFound',
  'InvalidAddressID.NotFound',
  'InvalidAllocationID.NotFound',
  'InvalidAssociationID.NotFound',
  'InvalidInstanceID.NotFound',
  'InvalidNetworkInterfaceID.NotFound',
  'ParameterNotFound',
]);

const INVALID: ReadonlySet<string> = new Set([
  'HierarchyLevelLimitExceededException',
  'HierarchyTypeMismatchException',
  'IncorrectInstanceState',
  'IncorrectState',
  'ParameterAlreadyExists',
  'ParameterLimitExceeded',
  'ParameterMaxVersionLimitExceeded',
  'ParameterPatternMismatchException',
  'Resource.AlreadyAssociated',
  'UnknownParameter',
  'UnsupportedOperation',
  'UnsupportedParameterType',
  'ValidationError',
  'ValidationException',
]);

const INVALID_PATTERN = /^(Invalid|Malformed|Missing)[A-Z][A-Za-z]*(\.[A-Z][A-Za-z]*)?$/;

function isNeverConnected(error: unknown, code: string): boolean {
  if (NEVER_CONNECTED.has(code) || TLS_REFUSED.test(code)) return true;
  // Node tries several addresses of a name and reports all failures together.
  if (error instanceof AggregateError) {
    return (
      error.errors.length > 0 && error.errors.every((inner) => isNeverConnected(inner, errorCode(inner)))
    );
  }
  return field(error, 'syscall') === 'connect' || field(error, 'syscall') === 'getaddrinfo';
}

const NEVER_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'CredentialsProviderError',
]);

/** A certificate that was refused: the request is written only after the handshake. */
const TLS_REFUSED = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_ALTNAME)/;

/** EC2 appends an encoded explanation of a thousand characters to a refusal: it would drown the sentence. */
const ENCODED_PART = / *Encoded authorization failure message:.*/s;
const MESSAGE_LENGTH_MAX = 240;
const UNPARSED = /parse error|Deserialization error/i;

function rawStatusOf(error: unknown): number | null {
  const response = (error as { $response?: { statusCode?: unknown } } | null)?.$response;
  return typeof response?.statusCode === 'number' ? response.statusCode : null;
}

function describe(error: unknown): string {
  const code = errorCode(error);
  // A gateway's answer is no XML: the SDK then tells of its parser, and the status says all that there is.
  if (UNPARSED.test(messageOf(error)))
    return `HTTP ${httpStatusOf(error) ?? rawStatusOf(error) ?? 'answer without a reason'}`;
  const message = messageOf(error)
    .replace(ENCODED_PART, '')
    .replace(/\s+/g, ' ')
    .slice(0, MESSAGE_LENGTH_MAX);
  if (code === '' || message.includes(code)) return message === '' ? 'no reason given' : message;
  return message === '' ? code : `${code} (${message})`;
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join(', ');
  }
  return error instanceof Error ? error.message : String(error);
}

function adviceFor(failure: CallFailure, error: unknown): string {
  switch (failure) {
    case 'not-sent':
      return errorCode(error) === 'CredentialsProviderError'
        ? 'no credentials: give the instance a role and see that the metadata service answers'
        : 'nothing was sent: check the route, DNS and security group towards the AWS endpoint';
    case 'unknown':
      return 'whether it had an effect is unknown';
    case 'throttled':
      return "it had no effect: the account's request limit, shared with everybody in it, is used up";
    case 'denied':
      return isStaleCredentials(error)
        ? "it had no effect: the credentials are not valid, check the instance's role and clock"
        : "it had no effect: check the policy of the instance's role";
    case 'gone':
      return 'it does not exist (any more): check the configuration';
    case 'invalid':
      return 'it had no effect: the service calls the request wrong';
  }
}

function field(error: unknown, name: string): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value = (error as Record<string, unknown>)[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
