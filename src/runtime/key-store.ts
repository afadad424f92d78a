import { constants } from 'node:fs';
import { chown, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { DescribeParametersCommand, GetParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import type { AwsClients } from '../cloud/aws-clients.ts';
import type { FailedCall } from '../cloud/cloud-error.ts';

/** Where the text of a key is kept while it is changed. Both methods throw KeyStoreError. */
export interface KeyStore {
  /** For messages: "ssm:/eipkeeper/web/key", "/etc/eipkeeper/key". */
  readonly place: string;
  /** Whether all nodes read the same one. */
  readonly shared: boolean;
  read(): Promise<string>;
  /** All or nothing; how it is protected stays as it was. */
  write(text: string): Promise<void>;
}

export class KeyStoreError extends Error {
  override readonly name = 'KeyStoreError';
  readonly denied: boolean;

  constructor(message: string, denied: boolean, options?: ErrorOptions) {
    super(message, options);
    this.denied = denied;
  }
}

const CALL_TIMEOUT_MS = 5_000;

/** A SecureString that all nodes read. `kmsKeyId`: null finds out which key encrypts it now. */
export class ParameterKeyStore implements KeyStore {
  readonly shared = true;
  readonly #clients: AwsClients;
  readonly #name: string;
  readonly #signal: AbortSignal;
  #kmsKeyId: string | null;

  constructor(
    clients: AwsClients,
    { name, kmsKeyId }: { readonly name: string; readonly kmsKeyId: string | null },
    signal: AbortSignal,
  ) {
    this.#clients = clients;
    this.#name = name;
    this.#kmsKeyId = kmsKeyId;
    this.#signal = signal;
  }

  get place(): string {
    return `ssm:${this.#name}`;
  }

  async read(): Promise<string> {
    const command = new GetParameterCommand({ Name: this.#name, WithDecryption: true });
    const outcome = await this.#clients.call(
      { operation: 'SSM GetParameter', service: 'ssm', kind: 'read' },
      this.#bounds,
      (options) => this.#clients.ssm.send(command, options),
    );
    if (outcome.status === 'failed') throw refusal(outcome.result, outcome.error);
    return outcome.answer.Parameter?.Value ?? '';
  }

  /** Without a KeyId SSM would encrypt the new version with the account's own key, whatever the old one had. */
  async write(text: string): Promise<void> {
    this.#kmsKeyId ??= await this.#findKmsKey();
    const command = new PutParameterCommand({
      Name: this.#name,
      Value: text,
      Type: 'SecureString',
      Overwrite: true,
      KeyId: this.#kmsKeyId,
    });
    const outcome = await this.#clients.call(
      { operation: 'SSM PutParameter', service: 'ssm', kind: 'write' },
      this.#bounds,
      (options) => this.#clients.ssm.send(command, options),
    );
    if (outcome.status === 'failed') throw refusal(outcome.result, outcome.error);
  }

  async #findKmsKey(): Promise<string> {
    const ParameterFilters = [{ Key: 'Name', Option: 'Equals', Values: [this.#name] }];
    const outcome = await this.#clients.call(
      { operation: 'SSM DescribeParameters', service: 'ssm', kind: 'read' },
      this.#bounds,
      (options) => this.#clients.ssm.send(new DescribeParametersCommand({ ParameterFilters }), options),
    );
    const found = outcome.status === 'answered' ? outcome.answer.Parameters?.[0]?.KeyId : undefined;
    if (found) return found;
    const why = outcome.status === 'failed' ? outcome.result.reason : 'SSM does not say';
    throw new KeyStoreError(
      `which KMS key encrypts ${this.#name} is not known (${why}): name it with --kms-key, "alias/aws/ssm" for the one of the account`,
      outcome.status === 'failed' && outcome.result.failure === 'denied',
    );
  }

  get #bounds() {
    return { signal: this.#signal, deadlineMs: CALL_TIMEOUT_MS };
  }
}

function refusal({ reason, failure }: FailedCall, cause: unknown): KeyStoreError {
  return new KeyStoreError(reason, failure === 'denied', { cause });
}

/** A file on this node; the other nodes have their own. */
export class FileKeyStore implements KeyStore {
  readonly shared = false;
  readonly place: string;

  constructor(path: string) {
    this.place = path;
  }

  async read(): Promise<string> {
    return this.#guarded(async () => {
      const file = await open(this.place, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        return await file.readFile('utf8');
      } finally {
        await file.close();
      }
    });
  }

  async write(text: string): Promise<void> {
    await this.#guarded(async () => {
      const path = await realpath(this.place);
      const { uid, gid } = await stat(path);
      const beside = `${path}.new`;
      await rm(beside, { force: true });
      try {
        const file = await open(beside, 'wx', 0o600);
        try {
          await file.writeFile(text);
          await file.sync();
        } finally {
          await file.close();
        }
        await chown(beside, uid, gid);
        await rename(beside, path);
      } finally {
        await rm(beside, { force: true });
      }
    });
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const denied = code === 'EACCES' || code === 'EPERM';
      const advice = denied ? 'use sudo' : 'it stays as it was';
      throw new KeyStoreError(`${this.place}: ${message}; ${advice}`, denied, { cause: error });
    }
  }
}
