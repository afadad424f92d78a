import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type SourceRequest, startSourceServer } from './source-server.ts';

export interface InstanceIdentity {
  readonly instanceId: string;
  readonly region: string;
  readonly availabilityZone: string;
  readonly mac: string;
  readonly networkInterfaceId: string;
  readonly privateIp: string;
  /** By which of its addresses a call of this instance is recognised. */
  readonly sources: readonly string[];
  /** Left out, it has none. */
  readonly userData?: string;
}

export interface MetadataServer {
  /** Adds or changes one entry (below /latest/) of one instance: 'meta-data/spot/instance-action'; null removes it. */
  set(instanceId: string, path: string, value: string | null): void;
  /** Answers 503 to this instance for so long. */
  failFor(instanceId: string, durationMs: number): void;
  close(): Promise<void>;
}

/** Of every instance, unless it is taken away. */
export const ROLE = 'eipkeeper-test';

/** IMDSv2 for all instances on one socket: who calls is told by the source address, as on EC2. */
export async function startMetadataServer(options: {
  readonly socketPath: string;
  readonly instances: readonly InstanceIdentity[];
  /** `optional`: who brings no token is answered as well. `required` when left out. */
  readonly tokens?: 'optional' | 'required';
}): Promise<MetadataServer> {
  const changes = new Map<string, string | null>();
  const failing = new Set<string>();
  const tokens = new Map<string, { instanceId: string; expiresMs: number }>();

  const answer = (instance: InstanceIdentity, request: IncomingMessage): [number, string] => {
    if (failing.has(instance.instanceId)) return [503, ''];
    if (request.method === 'PUT') return grantToken(instance, request);
    if (!isAllowed(instance, request.headers['x-aws-ec2-metadata-token'])) return [401, ''];
    const path = (request.url ?? '').replace(/^\/(latest|\d{4}-\d\d-\d\d)\//, '');
    const changed = changes.get(`${instance.instanceId} ${path}`);
    const value = changed === undefined ? valueAt(metadataOf(instance), path) : changed;
    return value === null ? [404, 'Not Found'] : [200, value];
  };

  const isAllowed = ({ instanceId }: InstanceIdentity, given: string | string[] | undefined): boolean => {
    if (given === undefined) return options.tokens === 'optional';
    const token = tokens.get(String(given));
    return token?.instanceId === instanceId && token.expiresMs >= performance.now();
  };

  const grantToken = (instance: InstanceIdentity, request: IncomingMessage): [number, string] => {
    const ttlSeconds = Number(request.headers['x-aws-ec2-metadata-token-ttl-seconds']);
    if (request.url !== '/latest/api/token' || !(ttlSeconds >= 1 && ttlSeconds <= 21_600)) return [400, ''];
    const token = randomBytes(24).toString('base64url');
    tokens.set(token, { instanceId: instance.instanceId, expiresMs: performance.now() + ttlSeconds * 1000 });
    return [200, token];
  };

  const server = await startSourceServer(
    options.socketPath,
    async ({ source, request, response }: SourceRequest) => {
      const instance = options.instances.find((candidate) => candidate.sources.includes(source));
      const [status, body] = instance === undefined ? ([404, ''] as const) : answer(instance, request);
      response.writeHead(status, {
        'content-type': 'text/plain',
        'x-aws-ec2-metadata-token-ttl-seconds':
          request.headers['x-aws-ec2-metadata-token-ttl-seconds'] ?? '60',
      });
      response.end(body);
    },
  );
  return {
    set: (instanceId, path, value) => {
      changes.set(`${instanceId} ${path}`, value);
    },
    failFor: (instanceId, durationMs) => {
      failing.add(instanceId);
      void sleep(durationMs, undefined, { ref: false }).then(() => failing.delete(instanceId));
    },
    close: () => server.close(),
  };
}

/** An entry, or what is below a path that ends in a slash; null for what does not exist. */
function valueAt(entries: ReadonlyMap<string, string>, path: string): string | null {
  const value = entries.get(path);
  if (value !== undefined || !path.endsWith('/')) return value ?? null;
  const below = [...entries.keys()]
    .filter((key) => key.startsWith(path))
    .map((key) => key.slice(path.length));
  return below.length === 0 ? null : [...new Set(below.map((key) => key.replace(/\/.*/, '/')))].join('\n');
}

function metadataOf(instance: InstanceIdentity): Map<string, string> {
  const card = `meta-data/network/interfaces/macs/${instance.mac}`;
  const inSixHours = new Date(Date.now() + 6 * 3_600_000).toISOString();
  return new Map([
    ...(instance.userData === undefined ? [] : ([['user-data', instance.userData]] as const)),
    ['meta-data/instance-id', instance.instanceId],
    ['meta-data/placement/region', instance.region],
    ['meta-data/placement/availability-zone', instance.availabilityZone],
    ['meta-data/mac', instance.mac],
    ['meta-data/local-ipv4', instance.privateIp],
    [`${card}/interface-id`, instance.networkInterfaceId],
    [`${card}/device-number`, '0'],
    [`${card}/local-ipv4s`, instance.privateIp],
    [
      `meta-data/iam/security-credentials/${ROLE}`,
      JSON.stringify({
        Code: 'Success',
        Type: 'AWS-HMAC',
        LastUpdated: new Date().toISOString(),
        // LocalStack reads the account from the key id: it must be the one that made the instances.
        AccessKeyId: 'test',
        SecretAccessKey: 'test',
        Token: 'test',
        Expiration: inSixHours,
      }),
    ],
    [
      'dynamic/instance-identity/document',
      JSON.stringify({
        instanceId: instance.instanceId,
        region: instance.region,
        availabilityZone: instance.availabilityZone,
        privateIp: instance.privateIp,
      }),
    ],
  ]);
}
