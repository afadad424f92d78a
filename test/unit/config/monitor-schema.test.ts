import { describe, expect, it } from 'vitest';
import { monitorSchema, restartSchema } from '../../../src/config/monitor-schema.ts';
import { resourceSchema } from '../../../src/config/resources-schema.ts';

const problemsOf = (schema: typeof monitorSchema | typeof restartSchema, value: unknown): string => {
  const parsed = schema.safeParse(value);
  return parsed.success
    ? ''
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
};

describe('how a resource is watched', () => {
  it('is every 5 s by what its type looks at, and restarted twice a minute, unless it is written', () => {
    expect(resourceSchema.parse({ nginx: {} })).toMatchObject({
      monitor: { intervalMs: 5_000, timeoutMs: 5_000, checks: { http: null, tcp: null, command: null } },
      restart: { attempts: 2, withinMs: 60_000, forgetMs: 60_000 },
    });
  });

  it('gives a look no longer than the interval', () => {
    expect(monitorSchema.parse({ interval: '1s' })).toMatchObject({ intervalMs: 1_000, timeoutMs: 1_000 });
    expect(problemsOf(monitorSchema, { interval: '1s', timeout: '2s' })).toContain(
      'timeout: is longer than the interval',
    );
    expect(problemsOf(monitorSchema, { timeout: '6s' })).toContain('longer than the interval of 5000 ms');
  });

  it.each([
    [{ intervall: '1s' }, 'intervall'],
    [{ interval: '-1s' }, 'is no duration'],
    [{ interval: '0s' }, 'must be longer than 0'],
    [{ interval: '10ms' }, 'at least 100ms'],
    [{ interval: '9999h' }, 'longer than the 24h'],
    [{ interval: 5 }, 'has no unit'],
    [{ tcp: 'localhost:80' }, 'must be an IP address and a port'],
    [{ tcp: '127.0.0.1:70000' }, 'must be an IP address and a port'],
    [{ http: { url: 'ftp://127.0.0.1/' } }, 'must be a URL'],
    [{ http: { url: 'http://127.0.0.1/', expectBody: '' } }, 'expectBody'],
    [{ process: {} }, 'exactly one of the two'],
    [{ process: { pidFile: '/a', executable: '/b' } }, 'exactly one of the two'],
    [{ command: 'check me' }, 'as a list'],
    [{ systemd: 'nginx; reboot' }, 'must be a unit name'],
  ])('is refused as %j', (value, message) => {
    expect(problemsOf(monitorSchema, value)).toContain(message);
  });

  it.each([{ attempts: -1 }, { attempts: 101 }, { attempts: 1.5 }, { within: '0s' }, { forget: '1m' }])(
    'is not restarted as %j',
    (value) => expect(problemsOf(restartSchema, value)).not.toBe(''),
  );

  it('is for services, not for the address', () => {
    const address = { 'elastic-ip': { allocationId: 'eipalloc-1' } };
    expect(resourceSchema.safeParse({ ...address, monitor: { interval: '1s' } }).success).toBe(false);
    expect(resourceSchema.safeParse(address).success).toBe(true);
  });

  it('takes addresses of both families', () => {
    expect(monitorSchema.parse({ tcp: '[::1]:8080' }).checks.tcp).toEqual({ host: '::1', port: 8080 });
    expect(monitorSchema.parse({ tcp: '127.0.0.1:80' }).checks.tcp).toEqual({ host: '127.0.0.1', port: 80 });
  });
});
