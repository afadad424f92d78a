import { ConfigError } from '../../../src/config/config-error.ts';
import type { Configuration } from '../../../src/config/configuration.ts';
import { parseConfiguration } from '../../../src/config/load.ts';

/** Right in every line; tests change one. */
export const GOOD = `cluster: web
key: { file: /etc/eipkeeper/key }
nodes:
  main: { address: 10.0.0.11, instanceId: i-0aa1 }
  aux: { address: 10.0.0.12 }
groups:
  web:
    nodes: [main, aux]
    resources:
      - elastic-ip: { allocationId: eipalloc-0abc }
      - nginx: { health: { url: "http://127.0.0.1/health" } }
`;

export function configuration(text: string = GOOD): Configuration {
  return parseConfiguration(Buffer.from(text), 'eipkeeper.yaml');
}

/** GOOD with one text in it replaced; fails when the text is not there. */
export function changed(from: string, to: string): string {
  if (!GOOD.includes(from)) throw new Error(`the good configuration has no ${JSON.stringify(from)}`);
  return GOOD.replace(from, to);
}

/** The lines of the refusal; fails when the text is accepted. */
export function refusalOf(text: string | Uint8Array): readonly string[] {
  try {
    parseConfiguration(typeof text === 'string' ? Buffer.from(text) : text, 'eipkeeper.yaml');
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  throw new Error('the configuration was accepted');
}
