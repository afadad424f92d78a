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
      return [configFailure(error, 'the same key must be on every node: "eipkeeper keygen" makes one')];
    }
  },
};
