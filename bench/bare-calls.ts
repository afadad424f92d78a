import type { BenchPair } from './bench-pair.ts';
import { type Summary, summarize } from './statistics.ts';

export const BARE_CALLS = ['PutParameter', 'GetParameters', 'DescribeAddresses', 'AssociateAddress'] as const;
export type BareCall = (typeof BARE_CALLS)[number];

/** The same calls by nothing but the SDK, from a node through the same proxy, in milliseconds. */
export async function measureBareCalls(pair: BenchPair, rounds: number): Promise<Record<BareCall, Summary>> {
  const {
    cluster,
    cluster: { account },
  } = pair;
  const options = {
    rounds,
    prefix: `${cluster.ssmPrefix}-bare`,
    allocationId: account.allocationId,
    targets: account.instances.map(({ networkInterfaceId, privateIp }) => ({
      networkInterfaceId,
      privateIp,
    })),
  };
  const program = new URL('bare-calls-process.ts', import.meta.url).pathname;
  const line = [process.execPath, program, JSON.stringify(options)];
  const printed = await cluster.node('aux').run(line, { timeoutMs: 10_000 + rounds * 4_000 });
  const times = JSON.parse(printed) as Record<string, number[]>;
  return Object.fromEntries(BARE_CALLS.map((call) => [call, summarize(times[call] ?? [])])) as Record<
    BareCall,
    Summary
  >;
}
