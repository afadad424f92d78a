import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AwsClients } from '../../../src/cloud/aws-clients.ts';
import { AwsEmulator, OPERATOR } from '../../../src/demo/emulator/aws-emulator.ts';
import { SUBNET_ID } from '../../../src/demo/emulator/ec2-shapes.ts';
import { privateAddresses } from '../../../src/doctor/checks/private-addresses.ts';
import { DoctorContext } from '../../../src/doctor/doctor-context.ts';
import type { Machine } from '../../../src/runtime/machine-facts.ts';

const ADDRESS = '127.46.1.50';

describe('the doctor on private addresses that move', () => {
  const emulator = new AwsEmulator({
    nodes: [
      { name: 'main', privateIp: '127.46.1.11' },
      { name: 'aux', privateIp: '127.46.1.12' },
      { name: 'stranger', privateIp: '127.46.1.13' },
    ],
    accessKeys: { test: OPERATOR },
  });
  let clients: AwsClients;
  let address: string;
  let network: string | null;
  beforeAll(async () => {
    await emulator.start();
    clients = new AwsClients({
      region: emulator.region,
      version: '0',
      environment: { AWS_ENDPOINT_URL: emulator.endpoint },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
  });
  afterAll(async () => {
    clients.close();
    await emulator.close();
  });
  beforeEach(() => {
    address = ADDRESS;
    network = null;
    emulator.faults.clear();
  });

  const interfaceId = (name: string) => emulator.cloud.interfaceOf(name).networkInterfaceId;
  class GivenContext extends DoctorContext {
    override clients = async () => clients;
    override machine = async () => ({ networkOf: async () => network }) as unknown as Machine;
    override cloudGroups = async () => {
      const target = { networkInterfaceId: interfaceId('main'), subnetId: SUBNET_ID };
      const findNode = (id: string) => ['main', 'aux'].find((name) => interfaceId(name) === id) ?? null;
      return new Map([['web', { addresses: [{ type: 'private-ip', address, target } as const], findNode }]]);
    };
  }
  const look = async () => {
    const context = new GivenContext({
      source: '/none',
      version: '0',
      environment: {},
      connect: () => Promise.reject(new Error('no daemon')),
      waiting: false,
      signal: new AbortController().signal,
    });
    const findings = await privateAddresses.look(context, new AbortController().signal);
    return findings.map(({ verdict, text }) => `${verdict}: ${text}`);
  };
  const assign = (name: string) =>
    emulator.cloud.assignPrivateIps({
      networkInterfaceId: interfaceId(name),
      privateIps: [ADDRESS],
      allowReassignment: true,
    });

  it('says where it is, and from where a takeover would not take it', async () => {
    expect(await look()).toEqual([`ok: web: ${ADDRESS} is free to come here`]);
    assign('aux');
    expect(await look()).toEqual([`ok: web: ${ADDRESS} is on aux`]);
    assign('main');
    expect(await look()).toEqual([`ok: web: ${ADDRESS} is here`]);
    assign('stranger');
    expect(await look()).toEqual([expect.stringMatching(/^warning: .* which is none of the nodes/)]);
  });

  it('refuses the primary address of an interface, and one of another subnet', async () => {
    address = '127.46.1.13';
    expect(await look()).toEqual([expect.stringMatching(/^failure: .* is the primary address of eni-/)]);
    network = '127.46.2.0/24';
    expect(await look()).toEqual([
      expect.stringContaining('is not within 127.46.2.0/24, the subnet of eni-'),
    ]);
    network = '127.46.0.0/16';
    address = ADDRESS;
    expect((await look())[0]).not.toContain('is not within');
  });

  it('names the permission that the role lacks', async () => {
    const fault = { kind: 'error', code: 'UnauthorizedOperation', status: 403 } as const;
    emulator.faults.inject({ call: 'DescribeNetworkInterfaces', fault });
    expect(await look()).toEqual([expect.stringMatching(/^failure: EC2 DescribeNetworkInterfaces failed/)]);
  });
});
