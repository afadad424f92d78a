/** The HTTP status that goes with a code; every code not named here is a 400. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  AuthFailure: 401,
  DryRunOperation: 412,
  InternalError: 500,
  InternalServerError: 500,
  RequestLimitExceeded: 503,
  ServiceUnavailable: 503,
  Unavailable: 503,
  UnauthorizedOperation: 403,
};

/** A refusal as the service would word it; each service writes it in its own protocol's shape. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = STATUS_BY_CODE[code] ?? 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}
