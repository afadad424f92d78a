/** Calls to the witness and to EC2, by their names: what a fault of "SSM" or of "EC2" strikes. */
export const WITNESS_CALLS = [
  'GetParameter',
  'GetParameters',
  'GetParametersByPath',
  'PutParameter',
  'DeleteParameter',
  'DeleteParameters',
  'DescribeParameters',
];
export const EC2_CALLS = [
  'AssociateAddress',
  'DisassociateAddress',
  'DescribeAddresses',
  'DescribeInstances',
  'DescribeInstanceStatus',
  'DescribeNetworkInterfaces',
];
