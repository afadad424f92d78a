import { request } from 'undici';
import type { AwsClients } from './aws-clients.ts';

const BODY = 'Action=GetCallerIdentity&Version=2011-06-15';
const TIMEOUT_MS = 5_000;

/**
 * Who the credentials belong to, by the word of STS: an ARN. One signed request, with the signer and the credentials
 * of the other clients; STS asks for no permission. Throws when it cannot be had.
 */
export async function readCallerIdentity(
  clients: AwsClients,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const region = await clients.ssm.config.region();
  const url = new URL(endpointOf(region, environment));
  const signer = await clients.ssm.config.signer({
    name: 'sigv4',
    signingName: 'sts',
    signingRegion: region,
    properties: {},
  });
  const { headers } = await signer.sign(
    {
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path: '/',
      query: {},
      headers: {
        host: url.host,
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(BODY.length),
      },
      body: BODY,
    },
    { signingService: 'sts', signingRegion: region },
  );
  const response = await request(url, {
    method: 'POST',
    headers,
    body: BODY,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.body.text();
  const arn = /<Arn>([^<]+)<\/Arn>/.exec(text)?.[1];
  if (response.statusCode === 200 && arn !== undefined) return arn;
  const code = /<Code>([^<]+)<\/Code>/.exec(text)?.[1] ?? `HTTP ${response.statusCode}`;
  throw new Error(`STS GetCallerIdentity failed: ${code}`);
}

function endpointOf(region: string, environment: Readonly<Record<string, string | undefined>>): string {
  const given = environment.AWS_ENDPOINT_URL_STS || environment.AWS_ENDPOINT_URL;
  if (given) return given;
  return `https://sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`;
}
