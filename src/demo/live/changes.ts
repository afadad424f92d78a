import { ms, number } from '../style.ts';
import type { DemoFacts, NodeFacts } from './facts.ts';

/** For output that is no terminal: what became different, a sentence each. */
export function changes(before: DemoFacts | null, after: DemoFacts): string[] {
  const was = before === null ? new Map<string, string>() : sentences(before);
  return [...sentences(after)].flatMap(([key, sentence]) =>
    sentence !== '' && was.get(key) !== sentence ? [sentence] : [],
  );
}

/** By what they are about. Counts and ages are left out, or every look would be a change. */
function sentences(facts: DemoFacts): Map<string, string> {
  const { publicIp, holder, answeredBy, client, isCut, lastChange } = facts;
  const entries: [string, string][] = [
    ['address', holder === '' ? '' : `address ${publicIp} is on ${holder}`],
    ['answers', answeredBy === null ? 'client: nobody answers' : `client: ${answeredBy} answers`],
    // Failures are told when they are over, not one by one.
    ['failed', answeredBy === null || client.failed === 0 ? '' : failures(facts)],
    ['cut', isCut ? 'heartbeats: the path is cut' : 'heartbeats: the path is whole'],
    ['change', lastChange === '' ? '' : `moved ${lastChange}`],
  ];
  for (const node of facts.nodes) entries.push(...nodeSentences(node, facts));
  return new Map(entries);
}

const failures = ({ client }: DemoFacts): string =>
  `client: ${number(client.failed)} requests failed so far, longest gap ${ms(client.longestGapMs)}`;

function nodeSentences(node: NodeFacts, { term }: DemoFacts): [string, string][] {
  const { name, role, link, service } = node;
  if (node.isDead) return [[name, `${name}: dead, power off`]];
  if (node.daemonPid === null) return [[name, `${name}: its daemon does not run`]];
  return [
    [name, `${name}: daemon ${node.daemonPid} runs`],
    [`${name} role`, role === '' ? '' : `${name}: ${role}${role === 'leading' ? `, term ${term}` : ''}`],
    [`${name} link`, link === null ? '' : `${name}: the link to its peer is ${link.state}`],
    [`${name} web`, service === '' ? '' : `${name}: web service ${service}`],
  ];
}
