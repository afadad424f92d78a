import type { Configuration } from './configuration.ts';
import type { NodeSettings } from './schema.ts';

/** In place of an address: it is found in the witness, where the node has written it. */
export const REGISTERED = 'registered';

/** Where the heartbeats of a registered node go, as far as that is known. */
export interface NodePlace {
  readonly addresses: readonly string[];
  /** null: the one of the file. */
  readonly port: number | null;
}

/** The nodes whose addresses are not in the file, in its order. */
export const registeredNodes = ({ file }: Configuration): readonly string[] =>
  Object.keys(file.nodes).filter((name) => file.nodes[name]?.registered === true);

/** The configuration with the places of registered nodes filled in; a node without one has no addresses. */
export function withPlaces(
  configuration: Configuration,
  places: Readonly<Record<string, NodePlace | undefined>>,
): Configuration {
  const { file } = configuration;
  const nodes = Object.entries(file.nodes).map(([name, node]): [string, NodeSettings] => {
    const place = node.registered ? places[name] : undefined;
    if (place === undefined) return [name, node];
    // Not the instance: which one it is, only the file and its own signed word say.
    return [name, { ...node, addresses: [...place.addresses], port: place.port ?? node.port }];
  });
  return { ...configuration, file: { ...file, nodes: Object.fromEntries(nodes) } };
}

/** The same for the node of this machine, which has one path: the primary address of its instance. */
export const withOwnPlace = (configuration: Configuration, self: string, privateAddress: string) =>
  withPlaces(configuration, { [self]: { addresses: [privateAddress], port: null } });
