import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CONFIGURATION_PARAMETER, demoConfiguration } from '../../../docker/demo/configuration.ts';
import {
  ADDRESS_PORT,
  API_PORT,
  CLOUD,
  METADATA_PORTS,
  NODES,
  SERVICE_PORT,
} from '../../../docker/demo/plan.ts';
import { configOption } from '../../../src/cli/connection.ts';
import { parseConfiguration } from '../../../src/config/load.ts';
import { CHECKS } from '../../../src/http/health.ts';
import { addressOf, readComposition } from '../../machines/support/composition.ts';

const root = new URL('../../../', import.meta.url);
const path = (name: string) => fileURLToPath(new URL(name, root));
const text = (name: string) => readFileSync(path(name), 'utf8');
const dockerfile = text('docker/Dockerfile');
const { services } = readComposition();
const { file: configuration } = parseConfiguration(
  Buffer.from(JSON.stringify(demoConfiguration('eipalloc-0123456789abcdef0'))),
  'the demo',
);
const nodes = Object.keys(NODES) as (keyof typeof NODES)[];
/** What is copied from the repository, not from another stage. */
const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) =>
  names!.split(' '),
);

describe('docker/', () => {
  it('copies files that exist and that .dockerignore lets through', () => {
    const allowed = [...text('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, name]) => name!);
    expect(copied.length).toBeGreaterThan(5);
    for (const name of copied) {
      expect(existsSync(path(name)), name).toBe(true);
      expect(
        allowed.some((each) => name === each || name.startsWith(`${each}/`)),
        `${name} in .dockerignore`,
      ).toBe(true);
    }
  });

  it('builds the targets that are in the Dockerfile', () => {
    for (const { build } of Object.values(services)) {
      expect(build).toMatchObject({ context: '..', dockerfile: 'docker/Dockerfile' });
      expect(dockerfile).toContain(` AS ${build.target}\n`);
    }
  });

  it('runs programs that exist, with a script of package.json for the executable', () => {
    for (const { command } of Object.values(services)) {
      if (command !== undefined) expect(existsSync(path(command[1]!)), command.join(' ')).toBe(true);
    }
    const [, script] = /^RUN npm run (\S+) -- \/eipkeeper\/eipkeeper$/m.exec(dockerfile) ?? [];
    const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
    expect(scripts[script!]).toMatch(/^node scripts\/executable\.ts$/);
    expect(dockerfile).toContain('COPY --from=build /eipkeeper/eipkeeper ');
  });

  it('tells each node where its AWS, its metadata and its configuration are', () => {
    expect(addressOf(services.cloud!)).toBe(CLOUD);
    for (const name of nodes) {
      const node = services[name]!;
      expect(addressOf(node)).toBe(NODES[name]);
      expect(node.hostname).toBe(name);
      expect(node.environment).toEqual({
        [configOption().envVar!]: `ssm:${CONFIGURATION_PARAMETER}`,
        AWS_ENDPOINT_URL: `http://${CLOUD}:${API_PORT}`,
        AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://${CLOUD}:${METADATA_PORTS[name]}`,
      });
    }
    expect(services.cloud!.ports).toEqual([`127.0.0.1:${ADDRESS_PORT}:${ADDRESS_PORT}`]);
  });

  it('has the ports of nginx, heartbeats and status page in all places', () => {
    expect(text('docker/nginx.conf')).toContain(`listen ${SERVICE_PORT};`);
    expect(dockerfile).toContain(`EXPOSE ${configuration.port}/udp ${SERVICE_PORT}/tcp`);
    const [, port, check] = /http:\/\/127\.0\.0\.1:(\d+)\/(\w+)/.exec(dockerfile) ?? [];
    expect(configuration.http).toMatchObject({ port: Number(port) });
    expect(CHECKS).toContain(check);
  });

  it('keeps state and socket where its user may write', () => {
    const folders = [configuration.stateDirectory, configuration.socket.path.replace(/\/[^/]+$/, '')];
    for (const folder of folders)
      expect(dockerfile).toMatch(new RegExp(`install -d -o eipkeeper .*${folder} `));
    expect(dockerfile).toContain('USER eipkeeper');
  });

  it('gives a daemon that is stopped the time that its unit does', () => {
    const [, seconds] = /^TimeoutStopSec=(\d+s)$/m.exec(text('packaging/eipkeeper.service')) ?? [];
    for (const name of nodes) expect(services[name]!.stop_grace_period).toBe(seconds);
    expect(text('docker/README.md')).toContain(`--stop-timeout ${seconds!.slice(0, -1)} `);
  });
});
