import { DescribeInstanceStatusCommand, type InstanceStatus as StatusAnswer } from '@aws-sdk/client-ec2';
import type { CallResult } from '../core/events.ts';
import type { InstanceCondition } from '../core/types.ts';
import type { AwsClients } from './aws-clients.ts';
import type { CallBounds } from './bounded-call.ts';
import { TurnBatch } from './turn-batch.ts';

const DESCRIBE_BATCH_MAX = 50;

/**
 * What EC2 says of instances. Only 'stopped' and 'terminated' allow another node to act, so everything that is
 * not certain is 'unknown': an instance that is stopping or shutting down may still serve; one that EC2 does not
 * list may have been terminated an hour ago, or be of another Region or account, or misspelt. (The Elastic IP of
 * a terminated instance is free, so nothing is lost by not believing that it is terminated.)
 */
export class InstanceStatus {
  readonly #clients: AwsClients;
  readonly #batch: TurnBatch<string, CallResult>;

  constructor(clients: AwsClients) {
    this.#clients = clients;
    this.#batch = new TurnBatch<string, CallResult>({
      perform: (ids, bounds) => this.#describe(ids, bounds),
      late: () => ({
        type: 'failed',
        failure: 'unknown',
        reason:
          'EC2 DescribeInstanceStatus failed: no answer in time; the state of the instance stays unknown',
      }),
      sizeMax: DESCRIBE_BATCH_MAX,
    });
  }

  /** Answers 'instance-condition', or 'failed' (gone: EC2 does not know the id). */
  describe(instanceId: string, bounds: CallBounds): Promise<CallResult> {
    return this.#batch.ask(instanceId, bounds);
  }

  async #describe(ids: readonly string[], bounds: CallBounds): Promise<readonly CallResult[]> {
    const startedMs = performance.now();
    const unique = [...new Set(ids)];
    const outcome = await this.#clients.call(
      { operation: 'EC2 DescribeInstanceStatus', service: 'ec2', kind: 'read' },
      bounds,
      (options) =>
        this.#clients.ec2.send(
          // Without IncludeAllInstances only running ones are listed.
          new DescribeInstanceStatusCommand({ InstanceIds: unique, IncludeAllInstances: true }),
          options,
        ),
    );
    if (outcome.status === 'answered') {
      const statuses = outcome.answer.InstanceStatuses ?? [];
      return ids.map((id) => ({ type: 'instance-condition', condition: conditionOf(id, statuses) }));
    }
    // One unknown id fails the description of all: each is asked for on its own then.
    if (outcome.result.failure === 'gone' && unique.length > 1) {
      const left = {
        ...bounds,
        deadlineMs: Math.max(1, bounds.deadlineMs - (performance.now() - startedMs)),
      };
      const single = await Promise.all(unique.map((id) => this.#describe([id], left)));
      return ids.map((id) => single[unique.indexOf(id)]?.[0] ?? outcome.result);
    }
    return ids.map(() => outcome.result);
  }
}

function conditionOf(id: string, statuses: readonly StatusAnswer[]): InstanceCondition {
  const name = statuses.find(({ InstanceId }) => InstanceId === id)?.InstanceState?.Name;
  switch (name) {
    case 'running':
    case 'stopped':
    case 'terminated':
      return name;
    default:
      return 'unknown';
  }
}
