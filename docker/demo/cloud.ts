/**
 * What the demo's containers have instead of AWS: EC2, Parameter Store and metadata (src/demo/emulator), the
 * configuration and the key in parameters, and the Elastic IP as a port. Everything is gone when it ends.
 */
import { randomBytes } from 'node:crypto';
import { AwsEmulator } from '../../src/demo/emulator/aws-emulator.ts';
import { Forwarder } from '../../src/demo/forwarder.ts';
import { CONFIGURATION_PARAMETER, demoConfiguration, KEY_PARAMETER } from './configuration.ts';
import { ADDRESS_PORT, API_PORT, METADATA_PORTS, NODES, SERVICE_PORT } from './plan.ts';

/** What EC2 takes to move an address, about. */
const MOVE_MS = 600;

const aws = new AwsEmulator({
  nodes: Object.entries(NODES).map(([name, privateIp]) => ({ name, privateIp })),
  host: '0.0.0.0',
  port: API_PORT,
  metadataPorts: METADATA_PORTS,
});
const { allocationId, publicIp } = aws.cloud.allocate();
aws.faults.inject({ call: 'AssociateAddress', fault: { kind: 'delay', beforeMs: MOVE_MS } });

aws.parameters.put({
  name: CONFIGURATION_PARAMETER,
  type: 'String',
  value: JSON.stringify(demoConfiguration(allocationId)),
  overwrite: false,
});
aws.parameters.put({
  name: KEY_PARAMETER,
  type: 'SecureString',
  value: randomBytes(32).toString('hex'),
  overwrite: false,
});

const forwarder = new Forwarder({
  cloud: aws.cloud,
  publicIp,
  targetPort: SERVICE_PORT,
  listen: { address: '0.0.0.0', port: ADDRESS_PORT },
});
await forwarder.start();
await aws.start();
let holder = '';
aws.cloud.onChange(() => {
  const now = aws.cloud.holderOf(publicIp)?.node ?? '';
  if (now === holder) return;
  holder = now;
  console.log(`EC2: ${publicIp} is associated with ${now || 'nobody'}`);
});
console.log(`EC2, Parameter Store and metadata are up; ${publicIp} is port ${ADDRESS_PORT}`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(0));
