import { ConfigError } from './config-error.ts';
import type { Configuration } from './configuration.ts';
import type { NodeSettings } from './schema.ts';

/** What the shell found out about this machine, before anybody knows which node it is. */
export interface MachineFacts {
  /** null where the metadata service did not answer (or this is no EC2 instance). */
  readonly instanceId: string | null;
  /** Of its interfaces, and of the metadata where that answered; loopback left out. */
  readonly addresses: readonly string[];
  readonly hostname: string;
}

type Evidence = 'instance' | 'address' | 'hostname';

/**
 * Which of `nodes` this machine is. The instance id counts most, then a private address, then the host name;
 * what counts less is not looked at when something that counts more was found. Throws ConfigError, with what
 * was looked for, when no node fits or two do.
 */
export function findOwnNode({ file, source }: Configuration, facts: MachineFacts): string {
  const nodes = Object.entries(file.nodes);
  const possible = nodes.filter(([, node]) => !isAnotherInstance(node, facts));
  for (const evidence of ['instance', 'address', 'hostname'] as const) {
    const matching = possible.filter(([name, node]) => matches(name, node, facts, evidence));
    const [first, second] = matching;
    if (first === undefined) continue;
    if (second === undefined) return first[0];
    const names = matching.map(([name]) => name).join(' and ');
    throw refusal(
      source,
      `${names} both fit this machine by their ${WORDS[evidence]}: give each its instanceId; ${whatWasFound(facts)}`,
    );
  }
  const lookedFor = nodes.map(([name, node]) => `${name} (${describeNode(name, node)})`).join(', ');
  throw refusal(
    source,
    `this machine is none of the nodes: ${whatWasFound(facts)}; looked for ${lookedFor}${replacedHint(nodes, facts)}`,
  );
}

const WORDS: Readonly<Record<Evidence, string>> = {
  instance: 'instance id',
  address: 'address',
  hostname: 'host name',
};

function matches(name: string, node: NodeSettings, facts: MachineFacts, evidence: Evidence): boolean {
  switch (evidence) {
    case 'instance':
      return node.instanceId !== null && node.instanceId === facts.instanceId;
    case 'address':
      return node.addresses.some((address) => facts.addresses.includes(address));
    case 'hostname': {
      const wanted = (node.hostname ?? name).toLowerCase();
      const full = facts.hostname.toLowerCase();
      return wanted === full || wanted === full.split('.')[0];
    }
  }
}

/** An address or a name may be handed on to a replacement; an instance id never is. */
const isAnotherInstance = (node: NodeSettings, facts: MachineFacts): boolean =>
  node.instanceId !== null && facts.instanceId !== null && node.instanceId !== facts.instanceId;

function replacedHint(nodes: readonly (readonly [string, NodeSettings])[], facts: MachineFacts): string {
  const replaced = nodes.find(
    ([, node]) => isAnotherInstance(node, facts) && matches('', { ...node, hostname: ' ' }, facts, 'address'),
  );
  if (replaced === undefined) return '';
  const [name, node] = replaced;
  return `. The address is that of ${name}, but its instanceId ${node.instanceId} is another instance: if this one replaces it, correct instanceId on all nodes`;
}

function whatWasFound({ instanceId, addresses, hostname }: MachineFacts): string {
  const list = addresses.length === 0 ? 'none' : addresses.join(', ');
  return `it has the instance id ${instanceId ?? '(not known: the metadata service did not answer)'}, the addresses ${list}, the host name ${hostname}`;
}

function describeNode(name: string, { registered, instanceId, addresses, hostname }: NodeSettings): string {
  // What a registered node is known by, where nothing else is written, is worth saying.
  const host = registered && instanceId === null ? `the host name ${hostname ?? name}` : hostname;
  return [instanceId, ...addresses, host].filter((item) => item !== null).join(', ');
}

function refusal(source: string, message: string): ConfigError {
  return new ConfigError('CONFIG_INVALID', source, [{ line: null, path: 'nodes', message }]);
}
