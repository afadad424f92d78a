import { randomBytes } from 'node:crypto';
import { ApiError } from './api-error.ts';
import type { ParameterStore, ParameterVersion } from './parameter-store.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

const NAMES_MAX = 10;
const PAGE_MAX = 10;

/** The Parameter Store calls of SSM that the emulator answers. */
export class SsmService {
  readonly #store: ParameterStore;
  readonly #region: string;
  readonly #calls: Readonly<Record<string, (input: JsonObject, staleMs: number) => JsonObject>> = {
    PutParameter: (input) => this.#putParameter(input),
    GetParameter: (input, staleMs) => this.#getParameter(input, staleMs),
    GetParameters: (input, staleMs) => this.#getParameters(input, staleMs),
    GetParametersByPath: (input, staleMs) => this.#getParametersByPath(input, staleMs),
    DescribeParameters: (input) => this.#describeParameters(input),
    DeleteParameter: (input) => this.#deleteParameter(input),
    DeleteParameters: (input) => this.#deleteParameters(input),
  };

  constructor(store: ParameterStore, region: string) {
    this.#store = store;
    this.#region = region;
  }

  /** The answer as JSON. Throws ApiError. `staleMs` ages what the reads see. */
  perform(call: string, input: JsonObject, staleMs: number): JsonObject {
    const handler = Object.hasOwn(this.#calls, call) ? this.#calls[call] : undefined;
    if (handler !== undefined) return handler(input, staleMs);
    throw new ApiError('UnknownOperationException', `The emulator does not answer ${call}.`);
  }

  #putParameter(input: JsonObject): JsonObject {
    const version = this.#store.put({
      name: text(input, 'Name'),
      value: text(input, 'Value'),
      type: input.Type === undefined ? undefined : text(input, 'Type'),
      overwrite: input.Overwrite === true,
    });
    return { Version: version, Tier: 'Standard' };
  }

  #getParameter(input: JsonObject, staleMs: number): JsonObject {
    const name = text(input, 'Name');
    const found = this.#store.get(name, staleMs);
    if (found !== null) return { Parameter: this.#parameter(found, input) };
    if (name.includes(':') && this.#store.get(name.split(':')[0] ?? '', staleMs) !== null) {
      throw new ApiError('ParameterVersionNotFound', `The parameter version ${name} does not exist.`);
    }
    throw parameterNotFound();
  }

  #getParameters(input: JsonObject, staleMs: number): JsonObject {
    const found = texts(input, 'Names').map((name) => ({ name, version: this.#store.get(name, staleMs) }));
    return {
      Parameters: found.flatMap(({ version }) => (version ? [this.#parameter(version, input)] : [])),
      InvalidParameters: found.filter(({ version }) => version === null).map(({ name }) => name),
    };
  }

  #getParametersByPath(input: JsonObject, staleMs: number): JsonObject {
    const path = text(input, 'Path');
    if (!path.startsWith('/')) {
      throw new ApiError('ValidationException', 'The parameter path must begin with a slash.');
    }
    const pageSize = Number(input.MaxResults ?? PAGE_MAX);
    if (!(pageSize >= 1 && pageSize <= PAGE_MAX)) {
      throw new ApiError('ValidationException', `MaxResults must be between 1 and ${PAGE_MAX}.`);
    }
    const after = input.NextToken === undefined ? '' : decodeToken(text(input, 'NextToken'));
    const rest = this.#store
      .list(path, input.Recursive === true, staleMs)
      .filter((candidate) => candidate.name > after);
    const page = rest.slice(0, pageSize);
    const last = page.at(-1);
    return {
      Parameters: page.map((version) => this.#parameter(version, input)),
      ...(rest.length > pageSize && last !== undefined && { NextToken: encodeToken(last.name) }),
    };
  }

  /** By one name, the way to learn which KMS key a SecureString has. */
  #describeParameters(input: JsonObject): JsonObject {
    const [filter] = Array.isArray(input.ParameterFilters) ? (input.ParameterFilters as JsonObject[]) : [];
    const found = filter === undefined ? null : this.#store.get(texts(filter, 'Values')[0] ?? '', 0);
    if (found === null) return { Parameters: [] };
    const { name: Name, type: Type, version: Version } = found;
    const secret = Type === 'SecureString' ? { KeyId: 'alias/aws/ssm' } : {};
    return { Parameters: [{ Name, Type, Version, Tier: 'Standard', ...secret }] };
  }

  #deleteParameter(input: JsonObject): JsonObject {
    if (!this.#store.delete(text(input, 'Name'))) throw parameterNotFound();
    return {};
  }

  #deleteParameters(input: JsonObject): JsonObject {
    const results = texts(input, 'Names').map((name) => ({ name, deleted: this.#store.delete(name) }));
    return {
      DeletedParameters: results.filter(({ deleted }) => deleted).map(({ name }) => name),
      InvalidParameters: results.filter(({ deleted }) => !deleted).map(({ name }) => name),
    };
  }

  #parameter(version: ParameterVersion, input: JsonObject): JsonObject {
    const sealed = version.type === 'SecureString' && input.WithDecryption !== true;
    return {
      Name: version.name,
      Type: version.type,
      // What KMS would answer without decryption: something, but not the secret.
      Value: sealed ? randomBytes(48).toString('base64') : version.value,
      Version: version.version,
      LastModifiedDate: version.modifiedAtMs / 1000,
      ARN: `arn:aws:ssm:${this.#region}:123456789012:parameter${version.name.startsWith('/') ? '' : '/'}${version.name}`,
      DataType: 'text',
    };
  }
}

/** SSM answers ParameterNotFound without a message. */
const parameterNotFound = (): ApiError => new ApiError('ParameterNotFound', '');

const encodeToken = (name: string): string => Buffer.from(name).toString('base64url');
const decodeToken = (token: string): string => Buffer.from(token, 'base64url').toString();

function text(input: JsonObject, name: string): string {
  const value = input[name];
  if (typeof value === 'string') return value;
  throw new ApiError('ValidationException', `Value null at '${name}' failed to satisfy constraint.`);
}

function texts(input: JsonObject, name: string): string[] {
  const value = input[name];
  if (Array.isArray(value) && value.length >= 1 && value.length <= NAMES_MAX) return value.map(String);
  throw new ApiError('ValidationException', `'${name}' must have 1 to ${NAMES_MAX} members.`);
}
