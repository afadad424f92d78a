import { interfacesOf } from './cloud-model.ts';
import type { CloudState } from './cloud-state.ts';
import type { Credentials } from './credentials.ts';
import { ACCOUNT_ID, SUBNET_ID } from './ec2-shapes.ts';

export interface MetadataSource {
  readonly node: string;
  readonly region: string;
  readonly role: string;
  readonly cloud: CloudState;
  readonly credentials: Credentials;
}

const ROOT = '/latest/meta-data/';
const DOCUMENT = '/latest/dynamic/instance-identity/document';

/**
 * The text at a path of one node's metadata, null for a 404. A path that ends in "/" lists what is below it,
 * one name a line, directories with their slash; a directory may be asked for without its slash as well.
 */
export function metadataAt(
  path: string,
  source: MetadataSource,
  notices: ReadonlyMap<string, string>,
): string | null {
  const leaves = { ...leavesOf(source), ...Object.fromEntries(notices) };
  if (path === DOCUMENT) return identityDocument(source, leaves);
  if (!`${path}/`.startsWith(ROOT)) return null;
  const key = path.slice(ROOT.length);
  return leaves[key] ?? listing(Object.keys(leaves), key === '' || key.endsWith('/') ? key : `${key}/`);
}

function listing(keys: readonly string[], prefix: string): string | null {
  const names = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length).replace(/\/.*/, '/'));
  return names.length === 0 ? null : [...new Set(names)].sort().join('\n');
}

function leavesOf(source: MetadataSource): Record<string, string> {
  const { cloud, node, region, role } = source;
  const view = cloud.view();
  const instance = cloud.instanceOf(node);
  const interfaces = interfacesOf(view, instance.instanceId);
  const [first] = interfaces;
  const leaves: Record<string, string> = {
    'instance-id': instance.instanceId,
    'instance-type': 't4g.micro',
    'placement/region': region,
    'placement/availability-zone': instance.availabilityZone,
    'local-ipv4': first?.privateIps[0] ?? '',
    mac: first?.macAddress ?? '',
    'events/maintenance/scheduled': '[]',
    'events/maintenance/history': '[]',
    [`iam/security-credentials/${role}`]: credentialsJson(source),
  };
  for (const one of interfaces) {
    const prefix = `network/interfaces/macs/${one.macAddress}`;
    leaves[`${prefix}/device-number`] = String(one.deviceIndex);
    leaves[`${prefix}/interface-id`] = one.networkInterfaceId;
    leaves[`${prefix}/local-ipv4s`] = one.privateIps.join('\n');
    leaves[`${prefix}/mac`] = one.macAddress;
    leaves[`${prefix}/subnet-id`] = SUBNET_ID;
    leaves[`${prefix}/owner-id`] = ACCOUNT_ID;
    for (const { publicIp, association } of view.addresses.values()) {
      if (association?.networkInterfaceId !== one.networkInterfaceId) continue;
      leaves[`${prefix}/ipv4-associations/${publicIp}`] = association.privateIp;
      leaves[`${prefix}/public-ipv4s`] = [leaves[`${prefix}/public-ipv4s`] ?? [], publicIp].flat().join('\n');
      if (association.privateIp === first?.privateIps[0]) leaves['public-ipv4'] = publicIp;
    }
  }
  return leaves;
}

function credentialsJson({ credentials, node }: MetadataSource): string {
  const keys = credentials.issue(node);
  return JSON.stringify({
    Code: 'Success',
    LastUpdated: new Date().toISOString().replace(/\.\d+/, ''),
    Type: 'AWS-HMAC',
    AccessKeyId: keys.accessKeyId,
    SecretAccessKey: keys.secretAccessKey,
    Token: keys.sessionToken,
    Expiration: new Date(keys.expiresAtMs).toISOString().replace(/\.\d+/, ''),
  });
}

function identityDocument({ region }: MetadataSource, leaves: Readonly<Record<string, string>>): string {
  return JSON.stringify({
    accountId: ACCOUNT_ID,
    region,
    instanceId: leaves['instance-id'],
    availabilityZone: leaves['placement/availability-zone'],
    privateIp: leaves['local-ipv4'],
    instanceType: leaves['instance-type'],
  });
}
