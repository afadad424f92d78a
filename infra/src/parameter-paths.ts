/** Where a cluster keeps things in Parameter Store. All begin with a slash, none ends with one. */
export interface ParameterPaths {
  readonly configuration: string;
  readonly key: string;
  /** The folder of the group: its terms, and the hint which is the newest. */
  readonly group: string;
  readonly terms: string;
  /** What an operator asks for from afar; who carries it out writes beside it what became of it. */
  readonly request: string;
}

export function parameterPaths(clusterName: string, groupName: string): ParameterPaths {
  const prefix = `/eipkeeper/${clusterName}`;
  const group = `${prefix}/${groupName}`;
  return {
    configuration: `${prefix}/config`,
    key: `${prefix}/key`,
    group,
    terms: `${group}/term`,
    request: `${prefix}/request`,
  };
}
