import { describe, expect, it } from 'vitest';
import { judge, questionsOf, type Statement } from '../../machines/support/policy.ts';

const POLICY: readonly Statement[] = [
  { Sid: 'Write', Effect: 'Allow', Action: ['ssm:PutParameter'], Resource: 'arn:aws:ssm:r:1:parameter/a/*' },
  {
    Sid: 'Never',
    Effect: 'Deny',
    Action: 'ssm:PutParameter',
    Resource: ['arn:aws:ssm:r:1:parameter/a/term/*'],
    Condition: { StringEquals: { 'ssm:Overwrite': 'true' } },
  },
];
const put = (name: string, overwrite: boolean) => ({
  action: 'ssm:PutParameter',
  resource: `arn:aws:ssm:r:1:parameter${name}`,
  context: { 'ssm:Overwrite': String(overwrite) },
});

/** The judge of the machine test: one that allowed everything would find nothing. */
describe('the comparison of calls with a policy', () => {
  it('allows what a statement allows, and tells which', () => {
    expect(judge(POLICY, put('/a/hint', true))).toEqual({ allowed: true, sids: ['Write'] });
    expect(judge(POLICY, put('/a/term/7', false))).toEqual({ allowed: true, sids: ['Write'] });
  });

  it.each([
    ['another resource', put('/b/hint', false)],
    ['another action', { ...put('/a/hint', false), action: 'ssm:DeleteParameters' }],
    ['what is denied', put('/a/term/7', true)],
  ])('refuses %s', (_what, question) => {
    expect(judge(POLICY, question).allowed).toBe(false);
  });

  it('does not pass over a condition or a call that it does not know', () => {
    const strange = { ...POLICY[0]!, Condition: { StringLike: {} } } as unknown as Statement;
    expect(() => judge([strange], put('/a/hint', true))).toThrow('StringLike of Write');
    const call = { node: 'main', call: 'RunInstances', startMs: 0, body: '' };
    expect(() => questionsOf(call, { allocationId: '', instances: [] as never, policy: [] })).toThrow(
      'a call that the test does not know: RunInstances',
    );
  });
});
