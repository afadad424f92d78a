/** CLOCK_MONOTONIC in milliseconds: the same for every process of this machine, in whatever namespace. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
