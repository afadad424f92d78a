import type { GetParametersCommand } from '@aws-sdk/client-ssm';

/** Returns when the service sent the newest answer to `command`, by its own clock, in whole seconds; null: not said. */
export function answerDate(command: GetParametersCommand): () => number | null {
  let dateMs: number | null = null;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { readonly headers?: Readonly<Record<string, string>> };
      const parsed = Date.parse(headers?.date ?? '');
      dateMs = Number.isNaN(parsed) ? null : parsed;
      return result;
    },
    { step: 'deserialize', name: 'answerDate', priority: 'low' },
  );
  return () => dateMs;
}
