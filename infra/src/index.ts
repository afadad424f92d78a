export { ElasticIpFailoverPair, type PairNode } from './elastic-ip-failover-pair.ts';
export { NodePackage } from './node-package.ts';
export type { ElasticIpFailoverPairProps, PairAlarmsProps } from './props.ts';
