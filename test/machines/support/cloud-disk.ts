/**
 * What the machine image of the test brings: where its AWS is, a header of its web server by which the answer is
 * known, and a cloud-init that looks for its datasource Ec2 and runs the user data. No mirrors: like a node of the
 * construct's VPC it has no way to them.
 */
export const cloudDisk = ({
  endpoint,
  whom,
}: {
  readonly endpoint: string;
  readonly whom: string;
}): Readonly<Record<string, string>> => ({
  '/etc/systemd/system.conf.d/aws.conf': `[Manager]\nDefaultEnvironment=AWS_ENDPOINT_URL=${endpoint}\n`,
  '/etc/nginx/conf.d/whom.conf': `add_header X-Whom ${whom} always;\n`,
  '/etc/apt/sources.list': '',
  '/etc/cloud/cloud.cfg.d/99-test.cfg': CLOUD_INIT,
});

const CLOUD_INIT = `datasource_list: [Ec2]
datasource:
  Ec2:
    strict_id: false
    metadata_urls: ['http://169.254.169.254']
    max_wait: 60
network: { config: disabled }
cloud_init_modules: []
cloud_config_modules: []
cloud_final_modules: [scripts-user]
`;
