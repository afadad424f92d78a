import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { API_ENDPOINT } from './address-plan.ts';
import type { Cluster, ClusterNode } from './cluster.ts';
import { REGION } from './test-account.ts';

/**
 * What people write to move an Elastic IP: `start` brings it here whoever has it, `stop` takes it off whoever has it,
 * `status` says "running" or "stopped" in Heartbeat's words. Gives the path of the script.
 */
export async function writeAddressScript(
  { account }: Pick<Cluster, 'account'>,
  node: ClusterNode,
): Promise<string> {
  const path = join(node.directory, 'updateEIP');
  const text = `#!/bin/sh
address=${account.allocationId}
interface=${node.networkInterfaceId}
log=${node.directory}/updateEIP.log

ec2() {
  action=$1; shift
  curl -sf -m 10 --aws-sigv4 aws:amz:${REGION}:ec2 --user test:test ${API_ENDPOINT}/ \\
    -d Action="$action" -d Version=2016-11-15 "$@"
}
described() {
  ec2 DescribeAddresses -d AllocationId.1=$address | sed -n "s:.*<$1>\\(.*\\)</$1>.*:\\1:p"
}

echo "$1" >> $log
case $1 in
  start) ec2 AssociateAddress -d AllocationId=$address -d NetworkInterfaceId=$interface -d AllowReassociation=true >> $log 2>&1 ;;
  stop) ec2 DisassociateAddress -d AssociationId="$(described associationId)" >> $log 2>&1; exit 0 ;;
  status) [ "$(described networkInterfaceId)" = $interface ] && echo running || echo stopped ;;
esac
`;
  await writeFile(path, text, { mode: 0o755 });
  return path;
}
