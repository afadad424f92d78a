import type { Configuration } from '../config/configuration.ts';
import type { NodeName } from '../core/types.ts';
import type { Logger } from '../observability/logger.ts';
import { NodeRegistry } from '../witness/node-registry.ts';
import type { Registration } from '../witness/registration-record.ts';
import { type DaemonParts, registrationsPath } from './daemon-parts.ts';
import { KnownRegistrations } from './known-registrations.ts';
import { peerAddresses, sessionTimings } from './node-plan.ts';
import { Registrar } from './registrar.ts';

export interface RegistrarParts {
  readonly parts: DaemonParts;
  /** The one in use. */
  readonly configuration: () => Configuration;
  readonly onMoved: () => void;
  readonly log: Logger;
}

export function createRegistrar({ parts, configuration, onMoved, log }: RegistrarParts): Registrar {
  const { clients, transport, self } = parts;
  const deadtimeMs = () => sessionTimings(configuration()).deadtimeMs;
  return new Registrar({
    self,
    own: ownRegistration(parts),
    paths: parts.configuration.file.nodes[self]?.addresses.length ?? 1,
    registry: new NodeRegistry({ clients, prefix: parts.configuration.witnessPrefix }),
    known: new KnownRegistrations(registrationsPath(parts.configuration), (sentence) => log.warn(sentence)),
    configuration,
    heard: () => {
      const fresh = transport.links().filter(({ heardMsAgo }) => (heardMsAgo ?? Infinity) <= deadtimeMs());
      return new Set<NodeName>(fresh.map(({ peer }) => peer));
    },
    refusedMsAgo: () => transport.refusedMsAgo(),
    deadtimeMs,
    onMoved,
    log,
  });
}

function ownRegistration({ configuration, self, machine }: DaemonParts): Registration | null {
  const [place] = peerAddresses(configuration)[self] ?? [];
  if (configuration.file.nodes[self]?.registered !== true || place === undefined) return null;
  const { instanceId } = machine.identity;
  return { v: 1, node: self, instanceId, addresses: [place.address], port: place.port };
}
