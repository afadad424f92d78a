import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { parse } from 'yaml';
import {
  type ConfigurationDraft,
  type LoopbackCluster,
  type LoopbackNode,
  runCommand,
} from '../../support/loopback-cluster.ts';
import { waitFor } from '../../support/netns/wait-for.ts';

/** The files of an article, retyped: its directives, and nothing else of it. */
export const seed = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

type Resource = Readonly<Record<string, unknown>>;

export interface Cast {
  /** Who plays which node of the article. */
  readonly nodes: Readonly<Record<string, LoopbackNode>>;
  /** What a node runs in the place of a service of the article; null: as it was imported. */
  readonly service?: (resource: Resource, node: LoopbackNode) => Resource | null;
}

/** The configuration that `eipkeeper import` makes, by its command line and with EC2 to ask. */
export async function importAt(
  cluster: LoopbackCluster,
  ...words: readonly string[]
): Promise<ConfigurationDraft> {
  const output = join(cluster.dir, 'imported.yaml');
  const options = ['--key', join(cluster.dir, 'key'), '--output', output, '--force'];
  const environment = cluster.aws.environmentOf('main');
  const { code, output: said } = await runCommand(['import', ...words, ...options], environment);
  expect(said).toContain('Next:');
  expect(code).toBe(0);
  const checked = await runCommand(['config', 'check', output], environment);
  expect(checked).toMatchObject({ code: 0, output: expect.stringContaining('good') });
  return parse(readFileSync(output, 'utf8'));
}

/**
 * Gives the nodes of the cluster what was imported. Of the machines of the article only what a loopback cannot have
 * is replaced: addresses, port, paths, services; and its times in seconds by those of a test.
 */
export function play(cluster: LoopbackCluster, file: ConfigurationDraft, { nodes, service }: Cast): void {
  const addresses = Object.entries(nodes).map(([name, { name: instance, address }]) => [
    name,
    { address, instanceId: cluster.aws.cloud.instanceOf(instance).instanceId },
  ]);
  for (const node of Object.values(nodes)) {
    node.write((draft) => {
      draft.nodes = Object.fromEntries(addresses);
      draft.key = file.key;
      draft.groups = Object.fromEntries(
        Object.entries<ConfigurationDraft>(file.groups).map(([name, group]) => [
          name,
          {
            ...group,
            resources: group.resources.map((resource: Resource) => played(resource, node, service)),
          },
        ]),
      );
    });
  }
}

function played(resource: Resource, node: LoopbackNode, service: Cast['service']): Resource {
  const own = service?.(resource, node) ?? null;
  if (own !== null) return own;
  if ('elastic-ip' in resource) return resource;
  // The operating system's part needs root.
  if ('private-ip' in resource)
    return { 'private-ip': { ...(resource['private-ip'] as object), configure: false } };
  return { exec: { name: 'page', run: [...node.service] } };
}

/** For tests in which an address goes back: a handover that a starved machine lets fail is tried again after 30 s. */
export const PATIENT = { testTimeout: 240_000, maxConcurrency: 4 };

export const inTheEnd = (what: string, holds: () => Promise<boolean>): Promise<unknown> =>
  waitFor(what, holds, { withinMs: 90_000, everyMs: 25 });

/** Waits for the address; a failure tells what the nodes said. */
export async function holds(cluster: LoopbackCluster, node: LoopbackNode): Promise<void> {
  const wait = inTheEnd(`the address on ${node.name}`, async () => cluster.holder() === node.name);
  await wait.catch((error: Error) => {
    const logs = [cluster.main, cluster.aux, cluster.stranger].map(
      ({ name, log }) => `${name} said:\n${log}`,
    );
    throw new Error(`${error.message}; it is on ${cluster.holder()}\n${logs.join('')}`);
  });
}

/** Its daemon and its program are gone, as with its machine. */
export async function dies(cluster: LoopbackCluster, node: LoopbackNode): Promise<void> {
  cluster.aws.cloud.unplug(node.name);
  await node.ended('SIGKILL');
  for (const pid of await node.servicePids()) process.kill(pid, 'SIGKILL');
}

export function returns(cluster: LoopbackCluster, node: LoopbackNode): void {
  cluster.aws.cloud.plugIn(node.name);
  node.start();
}
