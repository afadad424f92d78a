import { type Check, ok } from '../check.ts';
import { configFailure } from '../explain-error.ts';

export const configuration: Check = {
  name: 'configuration',
  async look(context) {
    try {
      const { source, file } = await context.configuration();
      const [nodes, groups] = [Object.keys(file.nodes), Object.keys(file.groups)];
      return [
        ok(`${source}: cluster ${file.cluster}, nodes ${nodes.join(', ')}, groups ${groups.join(', ')}`),
      ];
    } catch (error) {
      return [configFailure(error, 'correct it on every node, then "eipkeeper config check"')];
    }
  },
};
