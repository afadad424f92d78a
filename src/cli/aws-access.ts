import { AwsClients } from '../cloud/aws-clients.ts';
import { Imds, ImdsError } from '../cloud/imds.ts';
import { resolveRegion } from '../cloud/resolve-region.ts';
import { EXIT } from '../control/exit-codes.ts';
import { CliError } from './cli-error.ts';
import type { CliIo } from './cli-io.ts';
import { version } from './version.ts';

export interface AwsPlace {
  /** Default: of the environment, else of the instance. */
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  /** Where this command lets an operator say the Region: "--region, or AWS_REGION". */
  readonly regionWays: string;
  /** For how long the metadata service is asked again, which may be silent early in the boot. Default: not at all. */
  readonly metadataPatienceMs?: number;
}

/** Works with the operator's credentials: the environment, a profile, or the instance's role. Throws CliError. */
export async function withAws<T>(
  io: CliIo,
  { region, endpoint, regionWays, metadataPatienceMs = 0 }: AwsPlace,
  signal: AbortSignal,
  work: (clients: AwsClients, region: string) => Promise<T>,
): Promise<T> {
  const environment = endpoint === undefined ? io.env : { ...io.env, AWS_ENDPOINT_URL: endpoint };
  const imds = new Imds({ environment: io.env, retryForMs: metadataPatienceMs });
  try {
    const used =
      region ?? (await resolveRegion(io.env, imds, signal).catch(unknownRegion(regionWays, signal)));
    const clients = new AwsClients({ region: used, version, environment });
    try {
      return await work(clients, used);
    } finally {
      clients.close();
    }
  } finally {
    await imds.close();
  }
}

const unknownRegion = (ways: string, signal: AbortSignal) => (error: unknown) => {
  if (signal.aborted) {
    throw new CliError('given up; nothing was asked of AWS', EXIT.error, { cause: error });
  }
  if (!(error instanceof ImdsError)) throw error;
  throw new CliError(
    `nothing was asked of AWS, because its Region is not known (${error.message}); say which Region: ${ways}`,
    EXIT.unavailable,
    { cause: error },
  );
};
