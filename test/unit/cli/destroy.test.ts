import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CliWithSsm, startCliWithSsm } from './cli-with-ssm.ts';

const DESTROY = ['destroy', '--prefix', '/eipkeeper/web', '--yes', '--force'];

let cli: CliWithSsm['cli'];
let ssm: CliWithSsm['ssm'];
let close: CliWithSsm['close'];
beforeEach(async () => {
  ({ cli, ssm, close } = await startCliWithSsm());
  for (let place = 0; place < 25; place += 1) ssm.values.set(`/eipkeeper/web/g${place}/newest`, '5');
});
afterEach(() => close());

describe('destroy, given up after the first batch', () => {
  const WORDS =
    /given up(; 10|\); whether it had an effect is unknown; 0) of 25 deleted; what is left can be removed by typing it again/;
  beforeEach(() => {
    const { respond } = ssm.service;
    ssm.service.respond = (received, response, socket) => {
      respond(received, response, socket);
      if (!String(received.headers['x-amz-target']).endsWith('.DeleteParameters')) return;
      // In the pause before the next batch; on a machine that stops meanwhile, while the answer is on its way.
      response.once('finish', () => setTimeout(() => cli.interrupt.abort(), 100));
    };
  });

  it('says how far it came, and that typing it again ends it', async () => {
    const { exitCode, stderr } = await cli.run(...DESTROY);
    expect(stderr).toMatch(WORDS);
    expect(exitCode).toBe(1);
  });

  it('says so as JSON', async () => {
    const { exitCode, stdout, stderr } = await cli.run(...DESTROY, '--output', 'json');
    expect(JSON.parse(stdout)).toEqual({
      status: 'failed',
      reason: expect.stringMatching(WORDS),
      exitCode: 1,
    });
    expect(exitCode).toBe(1);
    expect(stderr).toBe('');
  });
});
