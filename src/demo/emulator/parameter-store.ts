import { ApiError } from './api-error.ts';
import { withEntry } from './cloud-model.ts';
import { Timeline } from './timeline.ts';

export type ParameterType = 'String' | 'StringList' | 'SecureString';

export interface ParameterVersion {
  readonly name: string;
  readonly type: ParameterType;
  readonly value: string;
  readonly version: number;
  readonly modifiedAtMs: number;
}

export interface PutRequest {
  readonly name: string;
  readonly value: string;
  /** Required for a new parameter, ignored for an old one. */
  readonly type?: string | undefined;
  readonly overwrite: boolean;
}

const TYPES: readonly string[] = ['String', 'StringList', 'SecureString'];
const VALUE_BYTES_MAX = 4096;
const VERSIONS_MAX = 100;
const LEVELS_MAX = 15;

/**
 * SSM Parameter Store's standard tier. `put` without overwrite is the compare-and-set that terms rest on:
 * it looks and writes in one synchronous step, so that of any number of concurrent calls exactly one wins.
 */
export class ParameterStore {
  readonly #nowMs: () => number;
  /** The versions of each parameter, oldest first, never empty. */
  readonly #timeline: Timeline<ReadonlyMap<string, readonly ParameterVersion[]>>;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#timeline = new Timeline(new Map<string, readonly ParameterVersion[]>(), nowMs);
  }

  /** Returns the version written. */
  put({ name, value, type, overwrite }: PutRequest): number {
    refuseWrongName(name);
    refuseWrongValue(value);
    const versions = this.#timeline.current.get(name) ?? [];
    const newest = versions.at(-1);
    if (newest !== undefined && !overwrite) {
      throw new ApiError(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      );
    }
    const written: ParameterVersion = {
      name,
      value,
      type: newest?.type ?? newType(type),
      version: (newest?.version ?? 0) + 1,
      modifiedAtMs: this.#nowMs(),
    };
    this.#timeline.set(withEntry(this.#timeline.current, name, [...versions, written].slice(-VERSIONS_MAX)));
    return written.version;
  }

  /** `name` or `name:version`; null when there is none. `ageMs`: as it was that long ago. */
  get(nameAndVersion: string, ageMs = 0): ParameterVersion | null {
    const [name = '', version] = nameAndVersion.split(':');
    const versions = this.#timeline.asOf(ageMs).get(name) ?? [];
    if (version === undefined) return versions.at(-1) ?? null;
    return versions.find((candidate) => candidate.version === Number(version)) ?? null;
  }

  /** The newest versions of all below `path`, by name; of its direct children only, unless `recursive`. */
  list(path: string, recursive: boolean, ageMs = 0): ParameterVersion[] {
    const prefix = path.endsWith('/') ? path : `${path}/`;
    return [...this.#timeline.asOf(ageMs)]
      .filter(([name]) => name.startsWith(prefix) && (recursive || !name.slice(prefix.length).includes('/')))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .flatMap(([, versions]) => versions.slice(-1));
  }

  /** Whether there was something to delete. */
  delete(name: string): boolean {
    if (!this.#timeline.current.has(name)) return false;
    const left = new Map(this.#timeline.current);
    left.delete(name);
    this.#timeline.set(left);
    return true;
  }
}

function newType(type: string | undefined): ParameterType {
  if (type === undefined) {
    throw new ApiError('ValidationException', 'A parameter type is required when you create a parameter.');
  }
  if (!TYPES.includes(type)) {
    throw new ApiError('UnsupportedParameterType', `The parameter type ${type} is not supported.`);
  }
  return type as ParameterType;
}

function refuseWrongName(name: string): void {
  if (!/^[\w.\-/]{1,2048}$/.test(name) || (name.includes('/') && !name.startsWith('/'))) {
    throw new ApiError('ValidationException', `Parameter name: ${name} is not a fully qualified name.`);
  }
  if (/^\/?(aws|ssm)/i.test(name)) {
    throw new ApiError('ValidationException', 'Parameter name: must not begin with "aws" or "ssm".');
  }
  if (name.split('/').length - 1 > LEVELS_MAX) {
    throw new ApiError('HierarchyLevelLimitExceededException', `More than ${LEVELS_MAX} levels: ${name}`);
  }
}

function refuseWrongValue(value: string): void {
  if (value === '') throw new ApiError('ValidationException', 'A parameter value must not be empty.');
  if (Buffer.byteLength(value) > VALUE_BYTES_MAX) {
    throw new ApiError(
      'ValidationException',
      `Standard tier parameters hold at most ${VALUE_BYTES_MAX} characters.`,
    );
  }
}
