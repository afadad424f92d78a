import { lookup } from 'node:dns/promises';
import { BlockList } from 'node:net';
import type { AwsClients, Service } from '../../cloud/aws-clients.ts';
import { EXIT } from '../../control/exit-codes.ts';
import { type Check, failure, needs, ok, warning } from '../check.ts';

const SERVICES: readonly Service[] = ['ec2', 'ssm'];
const ADVICE = 'give the subnets VPC endpoints for ec2 and ssm, or a NAT gateway';

/**
 * An instance loses its public address when an Elastic IP comes, and has none for minutes when that leaves: with a
 * way to AWS through it, the node could then do nothing.
 */
export const apiRoute: Check = {
  name: 'way to AWS',
  async look(context, signal) {
    const clients = await needs('the configuration or the metadata', context.clients());
    const machine = await context.machine();
    const broken = Object.entries(await clients.warm()).filter(([, reason]) => reason !== '');
    if (broken.length > 0) {
      const text = broken.map(([service, reason]) => `no way to ${service}: ${reason}`).join('; ');
      return [failure(text, `${ADVICE}; look at route, DNS and security group`, EXIT.unavailable)];
    }
    if (await isWithinVpc(clients)) return [ok('inside the VPC, whatever happens to the address')];
    const publicIp = await machine.readMetadata('public-ipv4', signal);
    if (publicIp === null || publicIp === '')
      return [ok('by NAT or a proxy: this instance has no public address of its own')];
    return [
      warning(
        `by the public address ${publicIp} of this instance: an Elastic IP that comes or leaves takes this way away, for minutes`,
        ADVICE,
      ),
    ];
  },
};

async function isWithinVpc(clients: AwsClients): Promise<boolean> {
  const hosts = await Promise.all(SERVICES.map((service) => clients.hostOf(service)));
  const addresses = await Promise.all(
    hosts.map((host) => lookup(host.replace(/^\[|\]$/g, ''), { all: true })),
  );
  return addresses
    .flat()
    .every(({ address, family }) => PRIVATE.check(address, family === 6 ? 'ipv6' : 'ipv4'));
}

const PRIVATE = new BlockList();
PRIVATE.addSubnet('10.0.0.0', 8);
PRIVATE.addSubnet('172.16.0.0', 12);
PRIVATE.addSubnet('192.168.0.0', 16);
PRIVATE.addSubnet('100.64.0.0', 10);
PRIVATE.addSubnet('127.0.0.0', 8);
PRIVATE.addSubnet('169.254.0.0', 16);
PRIVATE.addAddress('::1', 'ipv6');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
