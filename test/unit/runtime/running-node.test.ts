import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { AwsClients } from '../../../src/cloud/aws-clients.ts';
import { loadConfiguration } from '../../../src/config/load.ts';
import type { CoreConfig } from '../../../src/core/types.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import { SdNotify } from '../../../src/observability/sd-notify.ts';
import type { DaemonParts } from '../../../src/runtime/daemon-parts.ts';
import type { InstanceLock } from '../../../src/runtime/instance-lock.ts';
import { Registrar } from '../../../src/runtime/registrar.ts';
import { RunningNode } from '../../../src/runtime/running-node.ts';

/** A start comes as far as the core, whose configuration it tells, and no further. */
class CoreBegins extends Error {
  readonly config: CoreConfig;

  constructor({ config }: { readonly config: CoreConfig }) {
    super('the core begins');
    this.config = config;
  }
}
vi.mock('../../../src/runtime/node-runtime.ts', () => ({
  NodeRuntime: class {
    constructor(options: { readonly config: CoreConfig }) {
      throw new CoreBegins(options);
    }
  },
}));

describe('a node that starts', () => {
  let dir: string;
  let clients: AwsClients;
  const found = Promise.withResolvers<void>();
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'running-node-'));
    writeFileSync(join(dir, 'key'), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    vi.spyOn(Registrar.prototype, 'begin').mockReturnValue(found.promise);
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    clients = new AwsClients({ region: 'eu-central-1', version: '0', environment: {}, credentials });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    clients.close();
    rmSync(dir, { recursive: true });
  });

  const write = (timings: object) =>
    writeFileSync(
      join(dir, 'eipkeeper.yaml'),
      stringify({
        cluster: 'web',
        key: { file: join(dir, 'key') },
        stateDirectory: dir,
        nodes: { main: { address: '127.0.0.1' }, aux: { address: '127.0.0.2' } },
        timings,
        groups: {
          web: { nodes: ['main', 'aux'], resources: [{ 'elastic-ip': { publicIp: '203.0.113.10' } }] },
        },
      }),
    );

  it('begins with the configuration that a reload brought while it waited for the others', async () => {
    const source = join(dir, 'eipkeeper.yaml');
    write({ deadtime: '1s' });
    const ignored = () => {};
    const parts = {
      configuration: await loadConfiguration({ source }),
      machine: { identity: { instanceId: 'i-0123456789abcdef0' } },
      self: 'main',
      incarnation: '00000000000000aa',
      clients,
      chains: new Map(),
      guard: null,
      cloudGroups: new Map(),
      transport: { setPeers: ignored, setKeys: ignored, setTimings: ignored, keys: () => ({}) },
    } as unknown as DaemonParts;
    const node = new RunningNode({
      parts,
      source,
      version: '0.0.0',
      environment: {},
      log: createLogger({ level: 'error', write: ignored }),
      lock: {} as InstanceLock,
      notify: new SdNotify({ environment: {} }),
      signal: new AbortController().signal,
      end: ignored,
      crash: ignored,
    });
    const starting = node.start().catch((error: unknown) => error);
    write({ deadtime: '7s', lease: '9s' });
    expect(await node.reload()).toEqual({ status: 'done', reason: '' });
    found.resolve();
    const { config } = (await starting) as CoreBegins;
    expect(config.groups[0]?.timings).toMatchObject({ deadtimeMs: 7_000, leaseMs: 9_000 });
  });
});
