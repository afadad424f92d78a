import { isIPv4 } from 'node:net';

/** Where Heartbeat would find a resource script, and what is in it. */
export interface FoundScript {
  readonly folder: 'resource.d' | 'init.d';
  /** "" when it could not be read. */
  readonly text: string;
}

/** What a script does with an address of EC2. */
export type AddressMove =
  | {
      readonly kind: 'elastic-ip' /** Allocation or address; null: not to be found in it. */;
      readonly place: string | null;
    }
  | { readonly kind: 'private-ip'; readonly place: string | null };

const MOVES_ELASTIC_IP = /associate[-_]?address|AssociateAddress/;
const MOVES_PRIVATE_IP = /assign-private-ip-addresses|AssignPrivateIpAddresses/;
/** updateEIP, eip, elastic-ip; not receipt. */
const SOUNDS_LIKE_ONE = /eip([^a-z]|$)|elastic[-_.]?ip/i;
const ALLOCATION = /\beipalloc-[0-9a-f]+\b/g;
const ADDRESS = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g;

/**
 * Whether a script moves an address by EC2's API: by what is in it, or by its name (updateEIP, elastic-ip), for it
 * may leave the call to another program. Its arguments count as part of it. null: it does not.
 */
export function addressMoveOf(
  name: string,
  args: readonly string[],
  script: FoundScript | null,
): AddressMove | null {
  const code = (script?.text ?? '').replace(/^\s*#.*$/gm, '');
  const all = `${args.join(' ')}\n${code}`;
  if (MOVES_PRIVATE_IP.test(code))
    return { kind: 'private-ip', place: only(addressesIn(all).filter(isPrivateAddress)) };
  if (!MOVES_ELASTIC_IP.test(code) && !SOUNDS_LIKE_ONE.test(name)) return null;
  const places = [
    ...(all.match(ALLOCATION) ?? []),
    ...addressesIn(all).filter((address) => !isPrivateAddress(address)),
  ];
  return { kind: 'elastic-ip', place: only(places) };
}

const addressesIn = (text: string): readonly string[] => (text.match(ADDRESS) ?? []).filter(isIPv4);

function only(values: readonly string[]): string | null {
  const [first, second] = new Set(values);
  return first !== undefined && second === undefined ? first : null;
}

/** No Elastic IP: the ranges of private networks, shared space, loopback and link-local, among them the metadata service. */
export function isPrivateAddress(address: string): boolean {
  const [a = 0, b = 0] = address.split('.').map(Number);
  if (a === 0 || a === 10 || a === 127 || a >= 224) return true;
  if (a === 172) return b >= 16 && b <= 31;
  if (a === 192) return b === 168;
  if (a === 100) return b >= 64 && b <= 127;
  return a === 169 && b === 254;
}
