import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changed } from '../config/configuration-fixture.ts';
import { CliHarness } from './cli-harness.ts';

const METADATA_OFF = { AWS_EC2_METADATA_DISABLED: 'true' };
const NOBODY_ANSWERS = { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:1' };
const AFAR = ['--via', 'ssm', '--prefix', '/eipkeeper/web', '--group', 'web', '--to', 'aux'];
const WAYS = 'say which Region: --region, aws.region in the configuration, or AWS_REGION';

let cli = new CliHarness();
beforeEach(async () => {
  cli = new CliHarness();
  await cli.start();
});
afterEach(() => cli.close());

describe('a command that asks AWS, where no Region is said and none can be asked for', () => {
  it.each([
    ['switchover', METADATA_OFF, AFAR],
    ['switchover', NOBODY_ANSWERS, AFAR],
    ['failover', METADATA_OFF, ['--force', ...AFAR]],
    ['destroy', METADATA_OFF, ['--prefix', '/eipkeeper/web']],
  ] as const)('%s ends with 69 and the ways to say it (%j)', async (verb, env, options) => {
    cli.env = env;
    const text = await cli.run(verb, ...options);
    expect(text).toEqual({ exitCode: 69, stdout: '', stderr: expect.stringContaining(WAYS) });
    expect(text.stderr).toMatch(/^eipkeeper: .*metadata service.*\n$/);
    const { exitCode, stdout, stderr } = await cli.run(verb, ...options, '--output', 'json');
    expect(JSON.parse(stdout)).toEqual({
      status: 'failed',
      reason: expect.stringContaining(WAYS),
      exitCode: 69,
    });
    expect(exitCode).toBe(69);
    expect(stderr).toBe('');
  });

  it('ends in a sentence when the operator gives up while the metadata service is silent', async () => {
    await using metadata = await silentServer();
    cli.env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url };
    const run = cli.run('switchover', ...AFAR);
    await metadata.asked;
    cli.interrupt.abort();
    const stderr = 'eipkeeper: given up; nothing was asked of AWS\n';
    expect(await run).toEqual({ exitCode: 1, stdout: '', stderr });
  });

  it('key rotate names the ways that it has: a configuration in SSM cannot say it', async () => {
    cli.env = METADATA_OFF;
    const config = join(cli.directory, 'eipkeeper.yaml');
    await writeFile(config, changed('file: /etc/eipkeeper/key', 'ssm: /eipkeeper/web/key'));
    const ways = [
      [config, 'say which Region: aws.region in the configuration, or AWS_REGION'],
      ['ssm:/eipkeeper/web/config', 'say which Region: AWS_REGION'],
    ] as const;
    for (const [source, way] of ways) {
      const rotate = ['key', 'rotate', '--config', source];
      const text = await cli.ask(...rotate);
      expect(text).toEqual({ exitCode: 69, stdout: '', stderr: expect.stringContaining(`${way}\n`) });
      const { stdout } = await cli.ask(...rotate, '--output', 'json');
      expect(JSON.parse(stdout)).toMatchObject({ status: 'failed', exitCode: 69 });
    }
  });
});

/** Takes every request and answers none. */
async function silentServer() {
  const server = createServer(() => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: once(server, 'request'),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
