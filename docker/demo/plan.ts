/** Who is where in the demo. compose.yaml says the same, and a test compares the two. */

/** The nodes in the order of preference, with their private addresses. */
export const NODES = { main: '10.94.0.11', aux: '10.94.0.12' } as const;
export const CLOUD = '10.94.0.2';
/** EC2 and SSM. */
export const API_PORT = 4566;
/** On EC2 every instance asks the same address; here each has a port. */
export const METADATA_PORTS = { main: 8011, aux: 8012 } as const;
/** The Elastic IP. */
export const ADDRESS_PORT = 8080;
/** Of nginx on the nodes. */
export const SERVICE_PORT = 8080;
