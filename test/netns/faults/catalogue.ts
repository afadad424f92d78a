import { EC2_FAULTS } from './ec2-faults.ts';
import type { Fault } from './fault.ts';
import { MODEL_FAULTS } from './model-faults.ts';
import { NETWORK_FAULTS } from './network-faults.ts';
import { PROCESS_FAULTS } from './process-faults.ts';
import { RESOURCE_FAULTS } from './resource-faults.ts';
import { SECURITY_FAULTS } from './security-faults.ts';
import { WITNESS_FAULTS } from './witness-faults.ts';

/** The fault catalogue of docs/protocol.md, as far as it can be done between real daemons, in the order of running. */
export const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...NETWORK_FAULTS,
  ...WITNESS_FAULTS,
  ...EC2_FAULTS,
  ...RESOURCE_FAULTS,
  ...SECURITY_FAULTS,
  ...MODEL_FAULTS,
];
