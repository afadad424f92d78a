import { NODES, SERVICE_PORT } from './plan.ts';

export const CONFIGURATION_PARAMETER = '/eipkeeper/web/config';
export const KEY_PARAMETER = '/eipkeeper/web/key';

/** The configuration file of both nodes. */
export const demoConfiguration = (allocationId: string): object => ({
  cluster: 'web',
  key: { ssm: KEY_PARAMETER },
  nodes: Object.fromEntries(Object.entries(NODES).map(([name, address]) => [name, { address }])),
  groups: {
    web: {
      nodes: Object.keys(NODES),
      resources: [
        { nginx: { unit: false, health: { url: `http://127.0.0.1:${SERVICE_PORT}/health` } } },
        { 'elastic-ip': { allocationId } },
      ],
    },
  },
});
