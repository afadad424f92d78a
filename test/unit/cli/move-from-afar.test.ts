import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SsmCall } from '../witness/fake-ssm.ts';
import { type CliWithSsm, startCliWithSsm } from './cli-with-ssm.ts';

const NAME = '/eipkeeper/web/request';
const FORCE = 'failover --force --via ssm --prefix /eipkeeper/web --group web --to aux'.split(' ');
const WITHDRAWN = 'the request was withdrawn, so nothing of it happens later';
const NOT_WITHDRAWN =
  /the request could not be withdrawn \(SSM \w+ failed: .*\): it may still happen until \d{4}-\S+Z; delete \/eipkeeper\/web\/request\n$/;

describe('a move by way of SSM', () => {
  let cli: CliWithSsm['cli'];
  let ssm: CliWithSsm['ssm'];
  let close: CliWithSsm['close'];

  beforeEach(async () => {
    ({ cli, ssm, close } = await startCliWithSsm());
  });
  afterEach(() => close());

  const count = (action: string) => ssm.calls.filter((call) => call.action === action).length;
  /** Before the call is carried out. */
  const upon = (action: SsmCall['action'], act: () => string | undefined) => {
    const { refuse } = ssm;
    ssm.refuse = (call) => (call.action === action ? act() : undefined) ?? refuse(call);
  };
  const giveUpUpon = (action: SsmCall['action']) =>
    upon(action, () => {
      cli.interrupt.abort();
      return undefined;
    });
  /** It is carried out, or not, and the answer is lost. */
  const loseAnswerTo = (action: SsmCall['action'], isCarriedOut: boolean) => {
    const { respond } = ssm.service;
    ssm.service.respond = (received, response, socket) => {
      const isIt = String(received.headers['x-amz-target']).endsWith(`.${action}`);
      if (isIt) socket.destroy();
      if (!isIt || isCarriedOut) respond(received, response, socket);
    };
  };
  const answerIt = () => {
    const verdict = { status: 'done', reason: '', by: 'aux' };
    ssm.values.set(NAME, JSON.stringify({ ...JSON.parse(ssm.values.get(NAME) ?? ''), verdict }));
  };

  it('is withdrawn when its answer is lost', async () => {
    loseAnswerTo('PutParameter', true);
    const { exitCode, stderr } = await cli.run(...FORCE);
    expect(stderr).toMatch(/SSM PutParameter failed: .*; whether it had an effect is unknown; /);
    expect(stderr).toContain(`; ${WITHDRAWN}\n`);
    expect(exitCode).toBe(69);
    expect(ssm.values.has(NAME)).toBe(false);
  });

  it('says how long it may still come when its answer is lost and it is not there', async () => {
    loseAnswerTo('PutParameter', false);
    const { exitCode, stderr } = await cli.run(...FORCE);
    expect(stderr).toMatch(
      /; the request does not stand in \/eipkeeper\/web\/request; should it come there late, it may still happen until \S+Z\n$/,
    );
    expect(exitCode).toBe(69);
  });

  it('given up while it is written is withdrawn', async () => {
    giveUpUpon('PutParameter');
    const { exitCode, stderr } = await cli.run(...FORCE);
    expect(stderr).toContain(`eipkeeper: given up; ${WITHDRAWN}\n`);
    expect(exitCode).toBe(1);
    expect(count('PutParameter')).toBe(1);
    expect(ssm.values.has(NAME)).toBe(false);
  });

  it('given up before it is written was not asked for', async () => {
    giveUpUpon('GetParameters');
    const { exitCode, stderr } = await cli.run(...FORCE);
    expect(stderr).toContain('eipkeeper: given up; nothing was asked\n');
    expect(exitCode).toBe(1);
    expect(count('PutParameter')).toBe(0);
  });

  it.each(['GetParameters', 'DeleteParameter'])(
    'given up, and not withdrawn since %s fails, says until when it may happen and what to delete',
    async (action) => {
      giveUpUpon('PutParameter');
      upon(action, () => (count('PutParameter') > 0 ? 'ThrottlingException' : undefined));
      const { exitCode, stderr } = await cli.run(...FORCE);
      expect(stderr).toMatch(NOT_WITHDRAWN);
      expect(stderr).toContain('eipkeeper: given up; ');
      expect(exitCode).toBe(1);
      expect(ssm.values.has(NAME)).toBe(true);
    },
  );

  it('given up after a node has answered ends as the node said', async () => {
    giveUpUpon('PutParameter');
    upon('GetParameters', () => {
      if (count('PutParameter') > 0) answerIt();
      return undefined;
    });
    const { exitCode, stdout } = await cli.run(...FORCE);
    expect(stdout).toBe('web is on aux\n');
    expect(exitCode).toBe(0);
  });

  it('says that it is not known what became of it when nobody could look until it expired', async () => {
    upon('GetParameters', () => (count('PutParameter') > 0 ? 'ThrottlingException' : undefined));
    const { exitCode, stderr } = await cli.run(...FORCE, '--timeout', '50ms');
    expect(stderr).toMatch(/eipkeeper: SSM GetParameters failed: ThrottlingException/);
    expect(stderr).toContain(
      '; what became of the request is not known; it has expired, so nothing of it happens later\n',
    );
    expect(exitCode).toBe(69);
  });

  it('that was not written has nothing to be withdrawn', async () => {
    upon('PutParameter', () => 'AccessDeniedException');
    const { exitCode, stderr } = await cli.run(...FORCE);
    expect(stderr).toMatch(/it had no effect: check the policy of the instance's role\n$/);
    expect(exitCode).toBe(77);
    expect(count('GetParameters')).toBe(1);
  });
});
