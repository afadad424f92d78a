import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Imds, type ImdsError } from '../../../src/cloud/imds.ts';
import { type FakeService, startFakeService } from './fake-service.ts';

const IDENTITY: Record<string, string> = {
  '/latest/meta-data/mac': '0a:00:00:00:00:01',
  '/latest/meta-data/instance-id': 'i-0a',
  '/latest/meta-data/placement/region': 'eu-central-1',
  '/latest/meta-data/placement/availability-zone': 'eu-central-1b',
  '/latest/meta-data/network/interfaces/macs/0a:00:00:00:00:01/interface-id': 'eni-0a',
  '/latest/meta-data/network/interfaces/macs/0a:00:00:00:00:01/local-ipv4s': '10.0.0.10\n10.0.0.20',
};
const never = new AbortController().signal;

let service: FakeService;
let imds: Imds;
let values: Record<string, string>;
let tokens: number;
let valid: string;

const imdsAt = (environment: Record<string, string>, retryForMs = 0) => new Imds({ environment, retryForMs });

beforeEach(async () => {
  service = await startFakeService();
  values = { ...IDENTITY };
  tokens = 0;
  valid = '';
  service.respond = ({ method, url, headers }, response) => {
    if (method === 'PUT' && url === '/latest/api/token') {
      if (headers['x-aws-ec2-metadata-token-ttl-seconds'] !== '21600') {
        response.writeHead(400).end();
        return;
      }
      tokens += 1;
      valid = `token-${tokens}`;
      response.end(valid);
      return;
    }
    if (headers['x-aws-ec2-metadata-token'] !== valid) response.writeHead(401).end();
    else if (values[url] === undefined) response.writeHead(404).end();
    else response.end(values[url]);
  };
  imds = imdsAt({ AWS_EC2_METADATA_SERVICE_ENDPOINT: `${service.endpoint}/` });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await imds.close();
  await service.close();
});

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'answered',
    (error: ImdsError) => error.code,
  );

describe('the identity', () => {
  it('is read with one token, the first private address being the primary one', async () => {
    expect(await imds.readIdentity(never)).toEqual({
      instanceId: 'i-0a',
      region: 'eu-central-1',
      availabilityZone: 'eu-central-1b',
      mac: '0a:00:00:00:00:01',
      networkInterfaceId: 'eni-0a',
      privateAddress: '10.0.0.10',
      privateAddresses: ['10.0.0.10', '10.0.0.20'],
    });
    expect(tokens).toBe(1);
  });

  it('that is incomplete is refused, naming what is missing', async () => {
    delete values['/latest/meta-data/placement/region'];
    await expect(imds.readIdentity(never)).rejects.toThrow('no placement/region');
  });
});

describe('a value', () => {
  it('that is not there is null, at once', async () => {
    expect(await imds.read('spot/instance-action', never)).toBeNull();
  });
});

describe('the token', () => {
  it('is renewed when the service refuses it', async () => {
    await imds.read('mac', never);
    valid = 'lost by the service';
    expect(await imds.read('mac', never)).toBe('0a:00:00:00:00:01');
    expect(tokens).toBe(2);
  });

  it('is renewed before its six hours are over', async () => {
    await imds.read('mac', never);
    const later = performance.now() + 5.9 * 3_600_000;
    vi.spyOn(performance, 'now').mockReturnValue(later);
    await imds.read('mac', never);
    expect(tokens).toBe(2);
  });

  it('is always asked for: version 1 of the service is not used', async () => {
    await imds.readIdentity(never);
    const bare = service.received.filter(
      ({ method, headers }) => method === 'GET' && headers['x-aws-ec2-metadata-token'] === undefined,
    );
    expect(bare).toEqual([]);
  });
});

describe('early in the boot', () => {
  it('a refusal is repeated until the service answers', async () => {
    const answer = service.respond;
    let refusals = 2;
    service.respond = (received, response, socket) => {
      refusals -= 1;
      if (refusals >= 0) response.writeHead(503).end();
      else answer(received, response, socket);
    };
    const patient = imdsAt({ AWS_EC2_METADATA_SERVICE_ENDPOINT: service.endpoint }, 5000);
    expect(await patient.read('mac', never)).toBe('0a:00:00:00:00:01');
    await patient.close();
  });

  it('repeating ends when it is given up', async () => {
    const patient = imdsAt({ AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:1' }, 60_000);
    const controller = new AbortController();
    const reading = patient.read('mac', controller.signal);
    setTimeout(() => controller.abort(new Error('shutting down')), 30);
    await expect(reading).rejects.toThrow();
    await patient.close();
  });
});

describe('an error', () => {
  it('says that there is no service', async () => {
    const nowhere = imdsAt({ AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:1' });
    await expect(nowhere.read('mac', never)).rejects.toThrow(
      /no metadata service at http:\/\/127.0.0.1:1 .*run this on EC2/,
    );
    await nowhere.close();
  });

  it('says that it is disabled on the instance', async () => {
    service.respond = (_, response) => response.writeHead(403).end();
    expect(await codeOf(imds.read('mac', never))).toBe('disabled');
  });

  it('says that it is switched off by the environment', async () => {
    const off = imdsAt({ AWS_EC2_METADATA_DISABLED: 'true' });
    await expect(off.read('mac', never)).rejects.toThrow('AWS_EC2_METADATA_DISABLED');
    await off.close();
  });

  it('points to the hop limit when a connection is made but no token comes', async () => {
    service.respond = (_, __, socket) => socket.destroy();
    await expect(imds.read('mac', never)).rejects.toThrow('hop limit');
  });

  it('is an error also for a service that answers nonsense', async () => {
    const answer = service.respond;
    service.respond = (received, response, socket) =>
      received.method === 'GET' ? response.writeHead(500).end() : answer(received, response, socket);
    expect(await codeOf(imds.read('mac', never))).toBe('unusable');
  });
});
