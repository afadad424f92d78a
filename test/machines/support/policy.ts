import type { ApiCall } from '../../support/netns/api-proxy.ts';
import { REGION } from '../../support/netns/test-account.ts';
import type { DeployedStack } from './deployed-stack.ts';

type OneOrMore = string | readonly string[];

/** Of an IAM policy; only what the construct writes is understood. */
export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: OneOrMore;
  readonly Resource: OneOrMore;
  readonly Condition?: { readonly StringEquals: Readonly<Record<string, string>> };
}

/** Each action of each statement, in order: "MoveAddress ec2:AssociateAddress". */
export const grantsOf = (policy: readonly Statement[]): readonly string[] =>
  policy.flatMap(({ Sid, Action }) => [Action].flat().map((action) => `${Sid} ${action}`)).sort();

/** One question to IAM: every one that a call raises has to be allowed. */
export interface Question {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string>>;
}

export interface Verdict {
  readonly allowed: boolean;
  /** The statements that apply. */
  readonly sids: readonly string[];
}

/** As IAM decides: allowed by one statement, denied by none. Throws for conditions that are not understood. */
export function judge(policy: readonly Statement[], question: Question): Verdict {
  const applying = policy.filter((statement) => applies(statement, question));
  const allowed =
    applying.some(({ Effect }) => Effect === 'Allow') && !applying.some(({ Effect }) => Effect === 'Deny');
  return { allowed, sids: applying.map(({ Sid }) => Sid) };
}

function applies({ Sid, Action, Resource, Condition, ...rest }: Statement, question: Question): boolean {
  const strange = Object.keys(rest).filter((key) => key !== 'Effect');
  const operators = Object.keys(Condition ?? {}).filter((key) => key !== 'StringEquals');
  if (strange.length + operators.length > 0) {
    throw new Error(`the test does not understand ${[...strange, ...operators].join()} of ${Sid}`);
  }
  return (
    [Action].flat().includes(question.action) &&
    [Resource].flat().some((pattern) => matches(pattern, question.resource)) &&
    Object.entries(Condition?.StringEquals ?? {}).every(([key, value]) => question.context[key] === value)
  );
}

const matches = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`).test(text);
const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');

/** What EC2 and SSM ask IAM about a call (Service Authorization Reference). Throws for a call that it does not know. */
export function questionsOf({ call, body }: ApiCall, stack: DeployedStack): readonly Question[] {
  const ssm = questionsOfSsm(call, body);
  if (ssm !== null) return ssm;
  const ask = (resource: string, context: Question['context'] = {}): Question => ({
    action: `ec2:${call}`,
    resource,
    context: { 'ec2:Region': REGION, ...context },
  });
  const address = arn('ec2', `elastic-ip/${stack.allocationId}`);
  switch (call) {
    case 'DescribeAddresses':
    case 'DescribeInstanceStatus':
      return [ask('*')];
    case 'AssociateAddress': {
      const form = new URLSearchParams(body);
      const target = form.get('NetworkInterfaceId') ?? '';
      const instance = stack.instances.find(({ networkInterfaceId }) => networkInterfaceId === target);
      const tags = Object.entries(instance?.tags ?? {}).map(([key, value]) => [
        `aws:ResourceTag/${key}`,
        value,
      ]);
      return [
        ask(arn('ec2', `elastic-ip/${form.get('AllocationId')}`)),
        ask(arn('ec2', `network-interface/${target}`)),
        // The one behind the interface.
        ask(arn('ec2', `instance/${instance?.instanceId}`), Object.fromEntries(tags)),
      ];
    }
    case 'DisassociateAddress':
      // It names an association; there is one address here.
      return [ask(address)];
    default:
      throw new Error(`a node made a call that the test does not know: ${call}`);
  }
}

function questionsOfSsm(call: string, body: string): readonly Question[] | null {
  if (!/Parameter/.test(call)) return null;
  const { Name, Names, Path, Overwrite } = JSON.parse(body) as {
    readonly Name?: string;
    readonly Names?: readonly string[];
    readonly Path?: string;
    readonly Overwrite?: boolean;
  };
  const context = { 'ssm:Overwrite': String(Overwrite ?? false) };
  return [Name ?? Path ?? Names ?? []].flat().map((name) => ({
    action: `ssm:${call}`,
    resource: arn('ssm', `parameter${name}`),
    context,
  }));
}

const arn = (service: 'ec2' | 'ssm', resource: string): string =>
  `arn:aws:${service}:${REGION}:000000000000:${resource}`;
