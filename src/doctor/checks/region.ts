import { EXIT } from '../../control/exit-codes.ts';
import { type Check, failure, needs, ok } from '../check.ts';

export const region: Check = {
  name: 'region',
  async look(context) {
    const { file } = await needs('the configuration', context.configuration());
    const { identity } = await needs('the metadata', context.machine());
    const fromEnvironment = context.options.environment.AWS_REGION;
    const used = file.aws.region ?? fromEnvironment ?? identity.region;
    if (used === identity.region) return [ok(used)];
    const where = file.aws.region === undefined ? 'AWS_REGION' : 'aws.region of the configuration';
    return [
      failure(
        `${where} says ${used}, and this instance is in ${identity.region}: an address cannot come from one Region to another`,
        `leave ${where} out, or write ${identity.region}`,
        EXIT.misconfigured,
      ),
    ];
  },
};
