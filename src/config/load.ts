import { ConfigError, type PathProblem } from './config-error.ts';
import type { Configuration } from './configuration.ts';
import { type ParameterReader, readSource } from './read-source.ts';
import { referenceProblems } from './references.ts';
import { configurationSchema } from './schema.ts';
import { shapeProblems } from './shape-problems.ts';
import { resolveTimings } from './timings.ts';
import { witnessLoad, witnessLoadProblems } from './witness-load.ts';
import { parseYamlSource, type YamlSource } from './yaml-source.ts';

export interface LoadOptions {
  /** A path, or "ssm:/name/of/a/parameter". */
  readonly source: string;
  /** Reads SSM; needed only when `source` begins with "ssm:". */
  readonly readParameter?: ParameterReader;
}

/** Reads and checks the configuration. Throws ConfigError with everything that is wrong, each with its line. */
export async function loadConfiguration({ source, readParameter }: LoadOptions): Promise<Configuration> {
  return parseConfiguration(await readSource(source, readParameter), source);
}

/** The same for bytes that were read already; `source` names them in messages. */
export function parseConfiguration(bytes: Uint8Array, source: string): Configuration {
  const yaml = parseYamlSource(bytes, source);
  const parsed = configurationSchema.safeParse(yaml.value, { reportInput: true });
  const problems = [
    ...(parsed.success ? [] : shapeProblems(configurationSchema, parsed.error.issues)),
    ...referenceProblems(yaml.value),
  ];
  if (!parsed.success) throw refusal(source, yaml, problems);
  const file = parsed.data;
  const { timings, problems: timingProblems } = resolveTimings(file);
  const load = witnessLoad(file, timings);
  problems.push(...timingProblems, ...witnessLoadProblems(load, Object.keys(file.groups).length));
  if (problems.length > 0) throw refusal(source, yaml, problems);
  const witnessPrefix = file.witness.ssm.prefix ?? `/eipkeeper/${file.cluster}`;
  return { source, file, timings, witnessLoad: load, witnessPrefix };
}

function refusal(source: string, yaml: YamlSource, problems: readonly PathProblem[]): ConfigError {
  const located = problems.map((problem) => yaml.locate(problem));
  return new ConfigError(
    'CONFIG_INVALID',
    source,
    located.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
  );
}
