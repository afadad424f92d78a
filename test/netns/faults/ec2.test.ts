import { testFaults } from './test-faults.ts';

testFaults('ec2');
