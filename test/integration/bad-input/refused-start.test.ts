import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { LoopbackCluster, type LoopbackNode, UNHURRIED } from '../../support/loopback-cluster.ts';

vi.setConfig(UNHURRIED);

/** A daemon that cannot be started says why and what to do, and another node that serves does not notice. */
describe('a daemon that is not started', () => {
  let cluster: LoopbackCluster;
  let main: LoopbackNode;
  let aux: LoopbackNode;
  let serving: Awaited<ReturnType<LoopbackCluster['service']>>;
  beforeAll(async () => {
    cluster = new LoopbackCluster();
    ({ main, aux } = cluster);
    await cluster.start();
    main.start();
    await cluster.serves('main');
    serving = await cluster.service();
  });
  afterAll(() => cluster.close());
  beforeEach(() => {
    rmSync(aux.configPath, { recursive: true, force: true });
    aux.write();
  });
  afterEach(async () => {
    if (aux.runs) await aux.ended('SIGKILL');
    expect(await cluster.service()).toEqual(serving);
    expect(main.runs).toBe(true);
  });

  const replaceFile = (content: string | Uint8Array) => {
    writeFileSync(aux.configPath, content);
  };
  const withFile = async (change: (file: LoopbackNode['file']) => void, env = {}) => {
    const kept = structuredClone(aux.file);
    aux.write(change);
    try {
      return await aux.startRefused(env);
    } finally {
      for (const key of Object.keys(aux.file)) delete aux.file[key];
      Object.assign(aux.file, kept);
    }
  };

  it('whose configuration is missing says what to write or name', async () => {
    rmSync(aux.configPath);
    const { code, output } = await aux.startRefused();
    expect(output).toContain(`${aux.configPath}: there is no such file: write it, or name another`);
    expect(code).toBe(78);
  });

  it('whose configuration is empty says what a configuration looks like', async () => {
    replaceFile('');
    const { code, output } = await aux.startRefused();
    expect(output).toContain('is empty: begin with "cluster:", "key:", "nodes:" and "groups:"');
    expect(code).toBe(78);
  });

  it('whose configuration is a directory says so', async () => {
    rmSync(aux.configPath);
    mkdirSync(aux.configPath);
    const { code, output } = await aux.startRefused();
    expect(output).toContain('is a directory: name the file');
    expect(code).toBe(78);
  });

  it('whose configuration is binary says so in a line, without printing it', async () => {
    replaceFile(randomBytes(4096));
    const { code, output } = await aux.startRefused();
    expect(output).toMatch(/not started: .*eipkeeper\.yaml/);
    expect(output.length).toBeLessThan(1000);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there.
    expect(output).not.toMatch(/[\x00-\x08\x0e-\x1f\ufffd]/);
    expect(code).toBe(78);
  });

  it('whose configuration has a megabyte says how long one may be', async () => {
    replaceFile(`# ${'x'.repeat(1024 * 1024)}\n`);
    const { code, output } = await aux.startRefused();
    expect(output).toMatch(/is longer than the \d+ bytes of a configuration/);
    expect(code).toBe(78);
  });

  it('whose configuration has several faults names each with its line', async () => {
    const { code, output } = await withFile((file) => {
      file.profile = 'quick';
      file.groups.web.nodes = ['main', 'oux'];
    });
    expect(output).toMatch(/eipkeeper\.yaml:\d+: profile: /);
    expect(output).toMatch(/eipkeeper\.yaml:\d+: groups\.web\.nodes.*oux.*aux/);
    expect(code).toBe(78);
  });

  it('whose key can be read by others says which mode it has and how to mend it', async () => {
    const path = join(cluster.dir, 'open-key');
    writeFileSync(path, 'ab'.repeat(32));
    chmodSync(path, 0o644);
    const { code, output } = await withFile((file) => {
      file.key = { file: path };
    });
    expect(output).toContain(`has mode 0644, so others than its owner can use the key: chmod 600 ${path}`);
    expect(code).toBe(78);
  });

  it.each([
    ['is missing', { file: '/nonexistent/key' }, /there is no such file: make one with "eipkeeper keygen/],
    [
      'is in a variable that is not set',
      { env: 'NO_SUCH_KEY' },
      /\$NO_SUCH_KEY.* is not set in the environment/,
    ],
    [
      'is in a parameter that is missing',
      { ssm: '/no/key' },
      /ssm:\/no\/key.*GetParameter.*role needs ssm:GetParameter/,
    ],
  ])('whose key %s says where it was looked for', async (_, key, sentence) => {
    const { code, output } = await withFile((file) => {
      file.key = key;
    });
    expect(output).toMatch(sentence);
    expect(code).toBe('ssm' in key ? 69 : 78);
  });

  it('whose key is too short says what a key is, and nothing of the key', async () => {
    const { code, output } = await withFile(
      (file) => {
        file.key = { env: 'SHORT_KEY' };
      },
      { SHORT_KEY: 'hunter2' },
    );
    expect(output).toContain('is not 32 bytes in base64 or hex');
    expect(output).not.toContain('hunter2');
    expect(code).toBe(78);
  });

  it('whose machine is none of the nodes says what it looked for', async () => {
    const { code, output } = await withFile((file) => {
      file.nodes.aux = { address: '10.99.99.99', instanceId: 'i-0123456789abcdef0' };
    });
    expect(output).toContain('this machine is none of the nodes');
    expect(output).toContain('looked for main (');
    expect(code).toBe(78);
  });

  it('whose port another program has names the address, the port and how to find the program', async () => {
    const other = createSocket('udp4').bind(aux.file.port, aux.address);
    await once(other, 'listening');
    try {
      const { code, output } = await aux.startRefused();
      expect(output).toContain(`Cannot listen for heartbeats on ${aux.address} port ${aux.file.port} (UDP)`);
      expect(output).toContain(`ss -ulpn sport = :${aux.file.port}`);
      expect(code).toBe(69);
    } finally {
      other.close();
    }
  });

  it('whose metadata service is switched off says how to switch it on', async () => {
    const { code, output } = await aux.startRefused({ AWS_EC2_METADATA_DISABLED: 'true' });
    expect(output).toContain('switched off by AWS_EC2_METADATA_DISABLED: unset it');
    expect(code).toBe(69);
  });

  it('whose metadata service does not answer says so at once, and ends when it is told to', async () => {
    cluster.aws.metadataOf('aux').setMode('unavailable');
    try {
      aux.start();
      await aux.says(/the metadata service gave no token \(HTTP 503\); it is asked again for 30 s/);
      expect(await aux.ended('SIGTERM')).toBe(0);
    } finally {
      cluster.aws.metadataOf('aux').setMode('serve');
    }
  });

  it('as its node already has a daemon, names the process that it is', async () => {
    const { code, output } = await main.command('run');
    expect(output).toContain(`the process ${main.daemon?.pid} already is the daemon of main here`);
    expect(code).toBe(69);
  });

  it('because it is told to end while it starts, ends at once and well', async () => {
    const silent = createServer(() => aux.daemon?.kill('SIGTERM')).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    try {
      const { code, output } = await aux.startRefused({
        AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${port}`,
      });
      expect(output).toBe('stopped at once; services and address stay as they are\n');
      expect(code).toBe(0);
    } finally {
      silent.close();
    }
  });
});
