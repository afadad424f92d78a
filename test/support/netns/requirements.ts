import { describeWhere, missingPrograms } from '../describe-where.ts';

const PROGRAMS = {
  ip: 'iproute2',
  bridge: 'iproute2',
  nft: 'nftables',
  conntrack: 'conntrack',
  nginx: 'nginx-light',
  curl: 'curl',
};

/** What these tests need and this machine lacks, in one line; null when nothing is missing. */
export function missingRequirement(): string | null {
  if (process.platform !== 'linux') return 'network namespaces need Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root: sudo npm run test:netns';
  return missingPrograms(PROGRAMS);
}

/** `describeWhere` network namespaces can be made. `options.missing` is what else is missing. */
export function describeNetns(
  title: string,
  body: () => void,
  options: { readonly missing?: string | null; readonly timeoutMs?: number } = {},
): void {
  describeWhere(missingRequirement() ?? options.missing ?? null, title, body, options.timeoutMs ?? 120_000);
}
