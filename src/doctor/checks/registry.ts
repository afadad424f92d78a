import { registeredNodes } from '../../config/registered.ts';
import { EXIT } from '../../control/exit-codes.ts';
import type { RegistryEntry } from '../../witness/node-registry.ts';
import { ParameterNames } from '../../witness/parameter-names.ts';
import { type Check, type Finding, failure, needs, ok, warning } from '../check.ts';
import { callFailure } from '../explain-error.ts';
import { probeFolder } from '../probe-folder.ts';

interface Own {
  readonly self: string;
  readonly instanceId: string;
  /** A daemon runs here, which should have registered. */
  readonly runs: boolean;
}

/** Who of the nodes without an address in the file is registered where, since when; and whether this one could be. */
export const registry: Check = {
  name: 'registry',
  async look(context, signal) {
    const configuration = await needs('the configuration', context.configuration());
    const names = registeredNodes(configuration);
    if (names.length === 0) return [];
    const self = await needs('its place among the nodes', context.self());
    const clients = await needs('the configuration or the metadata', context.clients());
    const { nodes } = new ParameterNames(configuration.witnessPrefix);
    const reading = await context.registry();
    if (reading.status === 'failed') {
      return [callFailure(reading.failed, `the role needs ssm:GetParameters on ${nodes}/*`)];
    }
    const { instanceId } = (await context.machine()).identity;
    const runs = await context.status().then(
      (status) => status !== null,
      () => true,
    );
    const own = { self, instanceId, runs };
    const findings = names.map((name) => judge(name, reading.entries.get(name), own));
    if (!names.includes(self)) return findings;
    const stays = `what nodes that are forgotten have written would stay, as the probe does now`;
    const wrong = await probeFolder(clients, { folder: nodes, stays, written: context.written }, signal);
    return wrong === null ? findings : [...findings, wrong];
  },
};

function judge(name: string, entry: RegistryEntry | undefined, own: Own): Finding {
  if (entry?.status === 'registered') return ofRegistered(name, entry, own);
  if (entry?.status === 'foreign') {
    return failure(
      `what stands where ${name} registers is not understood: ${entry.reason}`,
      `bring all nodes to one version, or delete that parameter and restart eipkeeper on ${name}`,
      EXIT.misconfigured,
    );
  }
  if (name !== own.self) {
    return failure(`nobody has registered as ${name}`, 'start eipkeeper there', EXIT.unavailable);
  }
  return own.runs
    ? failure(
        `${name}, which runs here, has not registered`,
        'see "eipkeeper status" for the reason',
        EXIT.unavailable,
      )
    : warning(`${name} has not registered yet`, 'the daemon does it when it starts: start it');
}

function ofRegistered(
  name: string,
  { registration, sinceMs }: Extract<RegistryEntry, { status: 'registered' }>,
  { self, instanceId }: Own,
): Finding {
  const { addresses, port } = registration;
  const since = sinceMs === null ? '' : `, since ${new Date(sinceMs).toISOString()}`;
  const text = `${name} is registered at ${addresses.join(' and ')}, port ${port}, by ${registration.instanceId}${since}`;
  if (name !== self || registration.instanceId === instanceId) return ok(text);
  return warning(
    `${text}; this instance is ${instanceId}`,
    'this one takes the name over once no node hears the other: stop eipkeeper there, if it runs',
  );
}
