/** What goes wrong with a call to the AWS API. */
export type ApiFaultKind =
  /** 503 from the front end; no effect. */
  | 'unavailable'
  /** RequestLimitExceeded (EC2) or ThrottlingException (SSM); no effect. */
  | 'throttled'
  /** UnauthorizedOperation or AccessDeniedException; no effect. */
  | 'denied'
  /** Never answered; no effect. */
  | 'hang'
  /** The connection is reset; no effect. */
  | 'reset'
  /** It takes effect, and then the connection is reset before the answer. */
  | 'lose-answer'
  /** It takes effect, and the answer never comes. */
  | 'withhold-answer';

export interface ApiFault {
  readonly kind: ApiFaultKind;
  /** A node's name; every caller when left out. */
  readonly node?: string;
  /** 'AssociateAddress', …; every call when left out. */
  readonly call?: string;
  /** Heals itself after so many calls. */
  readonly times?: number;
}

/** The faults that are in force. */
export interface FaultDesk {
  /** Returns what heals this fault alone. */
  inject(fault: ApiFault): () => void;
  /** The fault that strikes this call, counted as used; the oldest one when several would. */
  take(node: string, call: string): ApiFaultKind | undefined;
}

export function createFaultDesk(): FaultDesk {
  const entries: { readonly fault: ApiFault; left: number }[] = [];
  return {
    inject: (fault) => {
      const entry = { fault, left: fault.times ?? Number.POSITIVE_INFINITY };
      entries.push(entry);
      return () => {
        entry.left = 0;
      };
    },
    take: (node, call) => {
      const found = entries.find(
        ({ fault, left }) => left > 0 && (fault.node ?? node) === node && (fault.call ?? call) === call,
      );
      if (found !== undefined) found.left -= 1;
      return found?.fault.kind;
    },
  };
}

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An error as EC2 (XML) or SSM (JSON) words it. */
export function errorAnswer(
  service: 'ec2' | 'json',
  status: number,
  code: string,
  message: string,
): ErrorAnswer {
  if (service === 'ec2') {
    return {
      status,
      headers: { 'content-type': 'text/xml;charset=UTF-8' },
      body:
        `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>${code}</Code>` +
        `<Message>${message}</Message></Error></Errors><RequestID>00000000-0000-0000-0000-000000000000</RequestID></Response>`,
    };
  }
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': code },
    body: JSON.stringify({ __type: code, message }),
  };
}

export function faultAnswer(
  service: 'ec2' | 'json',
  kind: 'unavailable' | 'throttled' | 'denied',
): ErrorAnswer {
  const ec2 = service === 'ec2';
  switch (kind) {
    case 'unavailable':
      return errorAnswer(
        service,
        503,
        ec2 ? 'Unavailable' : 'ServiceUnavailable',
        'The server is overloaded',
      );
    case 'throttled':
      return ec2
        ? errorAnswer(service, 503, 'RequestLimitExceeded', 'Request limit exceeded.')
        : errorAnswer(service, 400, 'ThrottlingException', 'Rate exceeded');
    case 'denied':
      return ec2
        ? errorAnswer(
            service,
            403,
            'UnauthorizedOperation',
            'You are not authorized to perform this operation.',
          )
        : errorAnswer(service, 400, 'AccessDeniedException', 'User is not authorized to perform this action');
  }
}
