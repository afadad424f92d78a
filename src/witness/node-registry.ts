import { DeleteParametersCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import type { AwsClients } from '../cloud/aws-clients.ts';
import { errorCode, type FailedCall } from '../cloud/cloud-error.ts';
import type { NodeName } from '../core/types.ts';
import { ParameterNames } from './parameter-names.ts';
import { ParameterReader } from './parameter-reader.ts';
import { decodeRegistration, encodeRegistration, type Registration } from './registration-record.ts';
import type { WitnessBounds } from './witness.ts';

export type RegistryEntry =
  | {
      readonly status: 'registered';
      readonly registration: Registration;
      /** When it was written, by the service's clock; null: it did not say. */
      readonly sinceMs: number | null;
    }
  | { readonly status: 'missing' }
  /** Something stands there that this version does not understand. */
  | { readonly status: 'foreign'; readonly reason: string };

export type RegistryReading =
  | { readonly status: 'read'; readonly entries: ReadonlyMap<NodeName, RegistryEntry> }
  | { readonly status: 'failed'; readonly failed: FailedCall };

export type WriteOutcome =
  | { readonly status: 'written' }
  /** Only when it was not to be overwritten. */
  | { readonly status: 'was-there' }
  | { readonly status: 'failed'; readonly failed: FailedCall };

/**
 * Where the registered nodes of a cluster are, one parameter each. It says where heartbeats go and nothing of who
 * counts, which is in the terms (rule 19). No method rejects.
 */
export class NodeRegistry {
  readonly #clients: AwsClients;
  readonly #names: ParameterNames;
  readonly #reader: ParameterReader;

  constructor(options: { readonly clients: AwsClients; readonly prefix: string }) {
    this.#clients = options.clients;
    this.#names = new ParameterNames(options.prefix);
    this.#reader = new ParameterReader(options.clients);
  }

  /** In one call for each ten nodes; what one of them misses fails the reading. */
  async read(nodes: readonly NodeName[], bounds: WitnessBounds): Promise<RegistryReading> {
    const readings = await Promise.all(
      nodes.map((node) => this.#reader.read(this.#names.node(node), bounds)),
    );
    const entries = new Map<NodeName, RegistryEntry>();
    for (const [index, node] of nodes.entries()) {
      const reading = readings[index]!;
      if (reading.status === 'failed') return reading;
      if (reading.status === 'missing') {
        entries.set(node, { status: 'missing' });
        continue;
      }
      const decoded = decodeRegistration(reading.value, node);
      entries.set(
        node,
        decoded.status === 'foreign'
          ? decoded
          : {
              status: 'registered',
              registration: decoded.registration,
              sinceMs: reading.modifiedMs,
            },
      );
    }
    return { status: 'read', entries };
  }

  async write(
    registration: Registration,
    { overwrite }: { readonly overwrite: boolean },
    bounds: WitnessBounds,
  ): Promise<WriteOutcome> {
    const command = new PutParameterCommand({
      Name: this.#names.node(registration.node),
      Value: encodeRegistration(registration),
      Type: 'String',
      Tier: 'Standard',
      Overwrite: overwrite,
    });
    const outcome = await this.#clients.call(
      { operation: 'SSM PutParameter', service: 'ssm', kind: 'write' },
      bounds,
      (options) => this.#clients.ssm.send(command, options),
    );
    if (outcome.status === 'answered') return { status: 'written' };
    if (errorCode(outcome.error) === 'ParameterAlreadyExists') return { status: 'was-there' };
    return { status: 'failed', failed: outcome.result };
  }

  /** null: it is gone, or was not there. */
  async remove(node: NodeName, bounds: WitnessBounds): Promise<FailedCall | null> {
    const command = new DeleteParametersCommand({ Names: [this.#names.node(node)] });
    const outcome = await this.#clients.call(
      { operation: 'SSM DeleteParameters', service: 'ssm', kind: 'write' },
      bounds,
      (options) => this.#clients.ssm.send(command, options),
    );
    return outcome.status === 'failed' ? outcome.result : null;
  }
}
