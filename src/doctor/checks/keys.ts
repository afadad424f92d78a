import { ConfigError } from '../../config/config-error.ts';
import { Authenticator } from '../../wire/authenticator.ts';
import { fingerprint } from '../../wire/key-agreement.ts';
import { type Check, type Finding, needs, ok, warning } from '../check.ts';
import { configFailure } from '../explain-error.ts';

/** That the key can be had here; whether the peers have the same is seen in the heartbeats. */
export const keys: Check = {
  name: 'key',
  async look(context) {
    const { file } = await needs('the configuration', context.configuration());
    try {
      const { current, previous } = await context.keys();
      const hint = fingerprint(new Authenticator({ current, previous: null }).hint);
      const found: Finding[] = [ok(`from ${file.key.kind}, its fingerprint is ${hint}`)];
      if (previous !== null) {
        found.push(
          warning('a second one is accepted as well', 'finish the change with "eipkeeper key rotate"'),
        );
      }
      return found;
    } catch (error) {
      const isDenied = error instanceof ConfigError && error.code === 'CONFIG_DENIED';
      const advice = 'the same key must be on every node: "eipkeeper keygen" makes one';
      return [configFailure(error, isDenied ? 'type it with sudo' : advice)];
    }
  },
};
