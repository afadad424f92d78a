import { quoted } from './ha-cf.ts';
import { addressOf, type WrittenResource } from './haresources.ts';
import type { Place } from './import-error.ts';
import type { Remark } from './remark.ts';
import { addressMoveOf, type FoundScript, isPrivateAddress } from './script-text.ts';

/** What EC2 says of an address. */
export type AddressAnswer =
  | { readonly kind: 'elastic-ip'; readonly allocationId: string }
  | { readonly kind: 'none' /** Where it was looked for: "eu-west-1". */; readonly region: string }
  | { readonly kind: 'not-asked'; readonly reason: string };

/** An address that moves, as far as the files and the options tell. */
export type ImportedAddress =
  | { readonly kind: 'elastic-ip' /** Allocation or public address. */; readonly place: string }
  | { readonly kind: 'private-ip'; readonly place: string }
  /** A script that moves an Elastic IP, and nobody says which. */
  | { readonly kind: 'asked-for'; readonly message: string };

/** null: this resource is no address. */
export function addressIn(written: WrittenResource, script: FoundScript | null): ImportedAddress | null {
  if (written.script === 'IPaddr' || written.script === 'IPaddr2') {
    const place = addressOf(written.args[0]);
    return { kind: isPrivateAddress(place) ? 'private-ip' : 'elastic-ip', place };
  }
  const move = addressMoveOf(written.script, written.args, script);
  if (move === null) return null;
  if (move.place !== null) return { kind: move.kind, place: move.place };
  const why = script === null ? 'its script is not here to say which' : 'its script does not say which';
  const message =
    move.kind === 'elastic-ip'
      ? `${quoted(written.text)} moves an Elastic IP, and ${why}: add --eip ${written.script}=<address or allocation>`
      : `${quoted(written.text)} moves a private address, and ${why}: write the address itself in its place`;
  return { kind: 'asked-for', message };
}

export const isAllocation = (text: string): boolean => /^eipalloc-[0-9a-f]+$/.test(text);

/** The settings of `elastic-ip`, with what EC2 answered. */
export function elasticIpSettings(
  place: string,
  source: { readonly text: string; readonly place: Place | null },
  answer: AddressAnswer | undefined,
): { readonly settings: Readonly<Record<string, unknown>>; readonly remarks: readonly Remark[] } {
  if (isAllocation(place)) return { settings: { allocationId: place }, remarks: [] };
  const check = (text: string) => ({
    settings: { publicIp: place },
    remarks: [{ kind: 'check' as const, place: source.place, text }],
  });
  switch (answer?.kind) {
    case 'elastic-ip':
      return { settings: { allocationId: answer.allocationId }, remarks: [] };
    case 'none':
      return check(
        `${place} is no Elastic IP of this account in ${answer.region}: allocate one, and write it here instead`,
      );
    default:
      return check(
        `${place} is taken for an Elastic IP: EC2 was not asked (${answer?.reason ?? '--no-ec2'})`,
      );
  }
}

/** What IPaddr was told and EC2 has no use for: netmask, interface, broadcast. */
export function addressRemarks(
  written: WrittenResource,
  kind: 'elastic-ip' | 'private-ip',
): readonly Remark[] {
  const remarks: Remark[] = [];
  const [, ...rest] = (written.args[0] ?? '').split('/');
  const isBareAddress = written.script === 'IPaddr' || written.script === 'IPaddr2';
  if (isBareAddress && rest.length > 0) {
    const text = `${quoted(written.text)}: ${quoted(rest.join('/'))} (netmask, interface, broadcast) is EC2's and the system's matter`;
    remarks.push({ kind: 'left-out', place: written.place, text });
  }
  if (!isBareAddress) {
    const text = `${quoted(written.text)} moves an address by EC2's API: the resource ${kind} does so in its place, and looks after it`;
    remarks.push({ kind: 'changed', place: written.place, text });
  }
  if (kind === 'private-ip') {
    const text = `${quoted(written.text)} is a private address: it becomes a private-ip, which must be free in the subnet of all nodes; to serve an Elastic IP instead, add --eip ${written.script === 'IPaddr' || written.script === 'IPaddr2' ? addressOf(written.args[0]) : written.script}=<address or allocation>`;
    remarks.push({ kind: 'check', place: written.place, text });
  }
  return remarks;
}
