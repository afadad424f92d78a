import { AwsClients } from '../cloud/aws-clients.ts';
import { Imds } from '../cloud/imds.ts';
import { resolveRegion } from '../cloud/resolve-region.ts';
import type { CliIo } from './cli-io.ts';
import { version } from './version.ts';

export interface AwsPlace {
  /** Default: of the environment, else of the instance. */
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
}

/** Works with the operator's credentials: the environment, a profile, or the instance's role. */
export async function withAws<T>(
  io: CliIo,
  { region, endpoint }: AwsPlace,
  signal: AbortSignal,
  work: (clients: AwsClients) => Promise<T>,
): Promise<T> {
  const environment = endpoint === undefined ? io.env : { ...io.env, AWS_ENDPOINT_URL: endpoint };
  const imds = new Imds({ environment: io.env, retryForMs: 0 });
  try {
    const used = region ?? (await resolveRegion(io.env, imds, signal));
    const clients = new AwsClients({ region: used, version, environment });
    try {
      return await work(clients);
    } finally {
      clients.close();
    }
  } finally {
    await imds.close();
  }
}
