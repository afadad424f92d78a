import type { Imds } from './imds.ts';

/** The Region that the environment names, else the one in which this instance runs. Throws an ImdsError. */
export async function resolveRegion(
  environment: Readonly<Record<string, string | undefined>>,
  imds: Pick<Imds, 'readIdentity'>,
  signal: AbortSignal,
): Promise<string> {
  return environment.AWS_REGION || environment.AWS_DEFAULT_REGION || (await imds.readIdentity(signal)).region;
}
