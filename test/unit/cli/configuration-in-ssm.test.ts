import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changed, GOOD } from '../config/configuration-fixture.ts';
import { type CliWithSsm, startCliWithSsm } from './cli-with-ssm.ts';

const SOURCE = 'ssm:/eipkeeper/web/config';

let cli: CliWithSsm['cli'];
let ssm: CliWithSsm['ssm'];
let close: CliWithSsm['close'];
beforeEach(async () => {
  ({ cli, ssm, close } = await startCliWithSsm());
  ssm.values.set('/eipkeeper/web/config', GOOD);
});
afterEach(() => close());

describe('where the configuration is a parameter', () => {
  it('config check reads it as the daemon would', async () => {
    const { exitCode, stdout } = await cli.run('config', 'check', SOURCE);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`${SOURCE}: good\ncluster web: main, aux;`);
    ssm.values.set('/eipkeeper/web/config', changed('cluster:', 'clutser:'));
    expect(await cli.run('config', 'check', SOURCE)).toMatchObject({ exitCode: 78, stdout: '' });
  });

  it('destroy finds the terms by it', async () => {
    ssm.values.set('/eipkeeper/web/web/newest', '5');
    expect(await cli.run('destroy', '--config', SOURCE)).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringContaining('/eipkeeper/web/web/newest\n'),
    });
  });

  it.each([
    ['destroy', '--config', SOURCE],
    ['config', 'check', SOURCE],
    ['key', 'rotate', '--config', SOURCE],
  ])('%s %s ends as where something else is not allowed', async (...words) => {
    ssm.refuse = () => 'AccessDeniedException';
    const { exitCode, stderr } = await cli.run(...words);
    expect(stderr).toContain('the role allows ssm:GetParameter');
    expect(exitCode).toBe(77);
  });

  it('ends in a sentence when the operator gives up', async () => {
    ssm.service.respond = () => cli.interrupt.abort();
    const { exitCode, stderr } = await cli.run('destroy', '--config', SOURCE);
    expect(stderr).toBe(`eipkeeper: given up: ${SOURCE} was not read\n`);
    expect(exitCode).toBe(1);
  });

  it('says that it could not be read, and what to look at', async () => {
    ssm.values.clear();
    const { exitCode, stderr } = await cli.run('config', 'check', SOURCE);
    expect(exitCode).toBe(69);
    expect(stderr).toContain('could not be read from SSM');
    expect(stderr).toContain('ssm:GetParameter');
  });
});
