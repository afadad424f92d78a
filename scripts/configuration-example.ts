/** Stands in docs/configuration.md; a test reads it as the daemon would. */
export const CONFIGURATION_EXAMPLE = `cluster: web
key: { file: /etc/eipkeeper/key }        # made by "eipkeeper keygen --output /etc/eipkeeper/key"
nodes:
  main: { address: 10.0.0.11, instanceId: i-0123456789abcdef0 }
  aux: { address: 10.0.1.12, instanceId: i-0fedcba9876543210 }
groups:
  web:
    nodes: [main, aux]                   # in order of preference
    failback: auto
    resources:
      - nginx: { health: { url: "http://127.0.0.1/" } }
      - elastic-ip: { allocationId: eipalloc-0123456789abcdef0 }
`;
