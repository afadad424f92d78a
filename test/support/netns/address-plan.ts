/** Who has which address in a test network. All of it lives inside namespaces of the test's own. */

/** The Elastic IP as the client sees it (TEST-NET-3). LocalStack's own 127.x addresses are mapped to it. */
export const PUBLIC_ADDRESS = '203.0.113.10';
export const CLIENT_ADDRESS = '198.51.100.2';
export const ROUTER_PUBLIC_SIDE = '198.51.100.1';
/** The router's address in the VPC: the nodes' default route, and where they reach the AWS API. */
export const ROUTER_ADDRESS = '10.77.0.1';
/** The VPC's own, by path: where heartbeats are relayed while their weather is bad. */
export const VPC_ADDRESSES = ['10.77.0.2', '10.78.0.2'] as const;
export const ROUTER_MAC = '02:77:00:00:00:01';
export const API_PORT = 4566;
export const API_ENDPOINT = `http://${ROUTER_ADDRESS}:${API_PORT}`;
export const METADATA_ADDRESS = '169.254.169.254';
export const HEARTBEAT_PORT = 9694;
/** Nodes on one path are at .11, .12, … of that path's network. */
const FIRST_NODE = 11;
const NETWORKS = ['10.77.0', '10.78.0'] as const;

/** 0 is the main path (API, clients, heartbeats), 1 carries heartbeats only. */
export type PathIndex = 0 | 1;

export interface NodePlan {
  readonly name: string;
  /** By path. */
  readonly addresses: readonly string[];
  readonly macs: readonly string[];
  /** The names of its ports on the VPC's bridges, by path. */
  readonly ports: readonly string[];
}

export function planNode(name: string, index: number, paths: 1 | 2): NodePlan {
  const host = FIRST_NODE + index;
  const used = NETWORKS.slice(0, paths);
  const hex = host.toString(16).padStart(2, '0');
  return {
    name,
    addresses: used.map((network) => `${network}.${host}`),
    macs: used.map((_, path) => `02:77:0${path}:00:00:${hex}`),
    ports: used.map((_, path) => `path${path}-node${index}`),
  };
}

export const ROUTER_PORT = 'path0-router';
