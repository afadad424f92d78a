import type { ServerResponse } from 'node:http';

/** Text of some type, or a refusal. Whole in memory: nothing that is served is large. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is shown can be read by nobody but this page: no frame, no other origin, nothing kept by a cache. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

export const json = (status: number, value: object): Reply => ({
  status,
  type: 'application/json; charset=utf-8',
  body: `${JSON.stringify(value)}\n`,
});

/** `{"error": "…"}`: what was wrong with the request and what would be right. */
export const refusal = (
  status: number,
  error: string,
  headers: Readonly<Record<string, string>> = {},
): Reply => ({ ...json(status, { error }), headers });

/** Node leaves out the body by itself when the request was a HEAD. */
export function send(response: ServerResponse, { status, type, body, headers }: Reply): void {
  response.writeHead(status, {
    ...COMMON_HEADERS,
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}
