import { GetParametersByPathCommand, GetParametersCommand } from '@aws-sdk/client-ssm';
import type { AwsClients } from '../cloud/aws-clients.ts';
import type { FailedCall } from '../cloud/cloud-error.ts';
import { TurnBatch } from '../cloud/turn-batch.ts';
import { answerDate } from './answer-date.ts';
import type { WitnessBounds } from './witness.ts';

/** Parameter Store's own limit, of GetParameters as of a page of GetParametersByPath. */
const NAMES_MAX = 10;
/** 1,000 terms: more than a quarter of an hour of the fastest defence leaves behind. */
const PAGES_MAX = 100;

export type NameReading =
  | {
      readonly status: 'found';
      readonly value: string;
      /** When it was last written, by the service's clock. */
      readonly modifiedMs: number | null;
      readonly dateMs: number | null;
    }
  | {
      readonly status: 'missing';
      /** The date of the answer, in whole seconds. */
      readonly dateMs: number | null;
    }
  | { readonly status: 'failed'; readonly failed: FailedCall };

export type Listing =
  | { readonly status: 'listed'; readonly values: ReadonlyMap<string, string> }
  | { readonly status: 'failed'; readonly failed: FailedCall };

/** Reads parameters. Names that are asked for in one turn share requests of ten. Never rejects. */
export class ParameterReader {
  readonly #clients: AwsClients;
  readonly #batch: TurnBatch<string, NameReading>;

  constructor(clients: AwsClients) {
    this.#clients = clients;
    this.#batch = new TurnBatch<string, NameReading>({
      perform: (names, bounds) => this.#getParameters(names, bounds),
      late: () => ({ status: 'failed', failed: unanswered('SSM GetParameters failed: no answer in time') }),
      sizeMax: NAMES_MAX,
    });
  }

  read(name: string, bounds: WitnessBounds): Promise<NameReading> {
    return this.#batch.ask(name, bounds);
  }

  /** All parameters directly below a path, by name. */
  async list(path: string, bounds: WitnessBounds): Promise<Listing> {
    const untilMs = performance.now() + bounds.deadlineMs;
    const values = new Map<string, string>();
    let token: string | undefined;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const command = new GetParametersByPathCommand({ Path: path, MaxResults: NAMES_MAX, NextToken: token });
      const outcome = await this.#clients.call(
        { operation: 'SSM GetParametersByPath', service: 'ssm', kind: 'read' },
        { signal: bounds.signal, deadlineMs: Math.max(1, untilMs - performance.now()) },
        (options) => this.#clients.ssm.send(command, options),
      );
      if (outcome.status === 'failed') return { status: 'failed', failed: outcome.result };
      for (const { Name, Value } of outcome.answer.Parameters ?? []) {
        if (Name !== undefined) values.set(Name, Value ?? '');
      }
      token = outcome.answer.NextToken;
      if (!token) return { status: 'listed', values };
    }
    const reason = `there are more than ${PAGES_MAX * NAMES_MAX} parameters below ${path}: delete the lowest by hand`;
    return { status: 'failed', failed: unanswered(reason) };
  }

  async #getParameters(names: readonly string[], bounds: WitnessBounds): Promise<readonly NameReading[]> {
    const command = new GetParametersCommand({ Names: [...new Set(names)] });
    const dateOf = answerDate(command);
    const outcome = await this.#clients.call(
      { operation: 'SSM GetParameters', service: 'ssm', kind: 'read' },
      bounds,
      (options) => this.#clients.ssm.send(command, options),
    );
    if (outcome.status === 'failed') return names.map(() => ({ status: 'failed', failed: outcome.result }));
    const { Parameters = [], InvalidParameters = [] } = outcome.answer;
    const dateMs = dateOf();
    return names.map((name) => {
      const { Value: value, LastModifiedDate } = Parameters.find(({ Name }) => Name === name) ?? {};
      const modifiedMs = LastModifiedDate?.getTime() ?? null;
      if (value !== undefined) return { status: 'found', value, modifiedMs, dateMs };
      if (InvalidParameters.includes(name)) return { status: 'missing', dateMs };
      return { status: 'failed', failed: unanswered(`SSM GetParameters answered without ${name}`) };
    });
  }
}

function unanswered(reason: string): FailedCall {
  return { type: 'failed', failure: 'unknown', reason };
}
