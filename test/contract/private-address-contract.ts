import {
  AssignPrivateIpAddressesCommand,
  DescribeNetworkInterfacesCommand,
  type EC2Client,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { type Backend, type CloudFixture, outcomeOf, plainEc2 } from './backend.ts';

/** What this program relies on in EC2 for a private address that moves between interfaces of a subnet. */
export function describePrivateAddressContract(
  backend: Backend,
  makeFixture: (ec2: EC2Client) => Promise<CloudFixture>,
): void {
  describe(`private addresses as ${backend.name} moves them`, () => {
    let ec2: EC2Client;
    let fixture: CloudFixture;
    let address = '';
    const checksHolder = !backend.deviations.includes('private-address-on-two-interfaces');

    beforeAll(async () => {
      if ((backend.missing?.() ?? '') !== '') return;
      ec2 = plainEc2(backend.endpoint());
      fixture = await makeFixture(ec2);
      address = fixture.nodes[0].privateAddress.replace(/\d+$/, '55');
    }, 60_000);
    beforeEach(async (context: TestContext) => {
      const missing = backend.missing?.() ?? '';
      if (missing !== '') context.skip(missing);
      for (const node of fixture.nodes) await outcomeOf(unassign(node.networkInterfaceId));
    });
    afterAll(async () => {
      if ((backend.missing?.() ?? '') !== '') return;
      await fixture.cleanUp();
      ec2.destroy();
    });

    const assign = (networkInterfaceId: string, allow: boolean) =>
      ec2.send(
        new AssignPrivateIpAddressesCommand({
          NetworkInterfaceId: networkInterfaceId,
          PrivateIpAddresses: [address],
          AllowReassignment: allow,
        }),
      );
    const unassign = (networkInterfaceId: string) =>
      ec2.send(
        new UnassignPrivateIpAddressesCommand({
          NetworkInterfaceId: networkInterfaceId,
          PrivateIpAddresses: [address],
        }),
      );
    const seesSecondary = !backend.deviations.includes('filter-sees-primary-addresses-only');
    const find = async (filters: Readonly<Record<string, string>>) => {
      const Filters = Object.entries(filters).map(([Name, value]) => ({ Name, Values: [value] }));
      const answer = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
      return (answer.NetworkInterfaces ?? []).filter(({ PrivateIpAddresses = [] }) =>
        PrivateIpAddresses.some(({ PrivateIpAddress }) => PrivateIpAddress === address),
      );
    };
    const filtered = () => find({ 'subnet-id': fixture.subnetId, 'addresses.private-ip-address': address });
    const holders = async () => {
      const found = seesSecondary ? await filtered() : await find({ 'subnet-id': fixture.subnetId });
      return found.map(({ NetworkInterfaceId }) => NetworkInterfaceId);
    };

    it('finds no interface with an address that nobody has', async () => {
      expect(await holders()).toEqual([]);
    });

    it('finds the interface that has it, with its other addresses and its instance', async () => {
      const [main] = fixture.nodes;
      await assign(main.networkInterfaceId, false);
      expect(await holders()).toEqual([main.networkInterfaceId]);
      const command = new DescribeNetworkInterfacesCommand({
        NetworkInterfaceIds: [main.networkInterfaceId],
      });
      const [found] = (await ec2.send(command)).NetworkInterfaces ?? [];
      expect(found?.Attachment?.InstanceId).toBe(main.instanceId);
      const all = found?.PrivateIpAddresses?.map(({ PrivateIpAddress }) => PrivateIpAddress);
      expect(all).toEqual(expect.arrayContaining([main.privateAddress, address]));
    });

    it('finds it by a filter on all addresses of the interfaces of a subnet', async () => {
      await assign(fixture.nodes[1].networkInterfaceId, false);
      expect(await filtered()).toHaveLength(seesSecondary ? 1 : 0);
    });

    it('assigns what is there already once more without a complaint', async () => {
      const [main] = fixture.nodes;
      await assign(main.networkInterfaceId, true);
      expect(await outcomeOf(assign(main.networkInterfaceId, true))).toBe('success');
      expect(await holders()).toEqual([main.networkInterfaceId]);
    });

    it('refuses an address that another interface has unless reassignment is allowed', async () => {
      const [main, aux] = fixture.nodes;
      await assign(main.networkInterfaceId, false);
      expect(await outcomeOf(assign(aux.networkInterfaceId, false))).toBe(
        checksHolder ? 'InvalidParameterValue' : 'success',
      );
      expect(await holders()).toHaveLength(checksHolder ? 1 : 2);
    });

    it('moves it when reassignment is allowed', async () => {
      const [main, aux] = fixture.nodes;
      await assign(main.networkInterfaceId, false);
      await assign(aux.networkInterfaceId, true);
      expect(await holders()).toHaveLength(checksHolder ? 1 : 2);
      expect(await holders()).toContain(aux.networkInterfaceId);
    });

    it('takes it off the interface that has it, and refuses to take it off another', async () => {
      const [main, aux] = fixture.nodes;
      await assign(main.networkInterfaceId, false);
      expect(await outcomeOf(unassign(aux.networkInterfaceId))).toBe(
        checksHolder ? 'InvalidParameterValue' : 'success',
      );
      expect(await holders()).toEqual([main.networkInterfaceId]);
      await unassign(main.networkInterfaceId);
      expect(await holders()).toEqual([]);
    });
  });
}
