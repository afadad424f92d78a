import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CliWithSsm, startCliWithSsm } from './cli-with-ssm.ts';

const NAME = '/eipkeeper/web/key';

describe('keygen --ssm', () => {
  let cli: CliWithSsm['cli'];
  let ssm: CliWithSsm['ssm'];
  let close: CliWithSsm['close'];
  beforeEach(async () => {
    ({ cli, ssm, close } = await startCliWithSsm());
    await cli.start();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await close();
    await cli.close();
  });

  const keygen = () => cli.run('keygen', '--ssm', NAME);

  /** Patience is at its end as soon as SSM was asked. */
  function refuse(code: string): void {
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + (ssm.calls.length > 0 ? 60_000 : 0));
    ssm.refuse = () => code;
  }

  it('makes a key, and keeps the one that is there', async () => {
    expect(await keygen()).toEqual({ exitCode: 0, stdout: `${NAME}: a new key\n`, stderr: '' });
    const made = ssm.values.get(NAME);
    expect((await keygen()).stdout).toBe(`${NAME}: there is one, which was kept\n`);
    expect(ssm.values.get(NAME)).toBe(made);
  });

  it.each([
    ['AccessDeniedException', 77],
    ['ThrottlingException', 69],
  ])('ends after %s with %i', async (code, exitCode) => {
    refuse(code);
    const run = await keygen();
    expect(run.stderr).toMatch(
      new RegExp(`^eipkeeper: ${NAME} could not be written: SSM PutParameter failed`),
    );
    expect(run.exitCode).toBe(exitCode);
  });

  it('ends in a sentence when the operator gives up', async () => {
    ssm.refuse = () => {
      setImmediate(() => cli.interrupt.abort());
      return 'AccessDeniedException';
    };
    const { exitCode, stderr } = await keygen();
    expect(stderr).toMatch(
      /^eipkeeper: given up: \/eipkeeper\/web\/key could not be written: SSM PutParameter/,
    );
    expect(exitCode).toBe(1);
  });

  it('asks a metadata service again that is not ready yet, as early in the boot', async () => {
    cli.env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: ssm.service.endpoint };
    ssm.service.respond = (_request, response) => {
      if (ssm.service.received.length > 1) cli.interrupt.abort();
      response.writeHead(503).end();
    };
    const stderr = 'eipkeeper: given up; nothing was asked of AWS\n';
    expect(await keygen()).toEqual({ exitCode: 1, stdout: '', stderr });
    expect(ssm.service.received.length).toBeGreaterThan(1);
  });

  it('names the way to say the Region', async () => {
    cli.env = { AWS_EC2_METADATA_DISABLED: 'true' };
    const { exitCode, stderr } = await keygen();
    expect(stderr).toContain('say which Region: AWS_REGION\n');
    expect(exitCode).toBe(69);
  });
});
