/**
 * `node infra/example/app.ts` writes the template into cdk.out, `cdk deploy` with it as --app deploys it. The Region,
 * the image and the package in S3 come from EIPKEEPER_REGION, EIPKEEPER_IMAGE and EIPKEEPER_PACKAGE.
 */
import { App, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { NodePackage } from '../src/index.ts';
import { ExampleStack } from './example-stack.ts';

const app = new App({ outdir: process.env.CDK_OUTDIR ?? 'cdk.out' });
const [bucketName, key] = packagePlace();
new ExampleStack(app, 'EipkeeperExample', {
  region: needed('EIPKEEPER_REGION', 'eu-west-1'),
  imageId: needed('EIPKEEPER_IMAGE', 'ami-0123456789abcdef0'),
  package: NodePackage.fromBucket(Bucket.fromBucketName(new Stack(), 'Packages', bucketName), key),
  alarms: true,
});
app.synth();

function packagePlace(): [string, string] {
  const text = needed('EIPKEEPER_PACKAGE', 's3://my-bucket/eipkeeper.rpm');
  const match = /^s3:\/\/([^/]+)\/(.+)$/.exec(text);
  if (match === null)
    throw new Error(`EIPKEEPER_PACKAGE is ${text}: write it like s3://my-bucket/eipkeeper.rpm`);
  return [match[1]!, match[2]!];
}

function needed(variable: string, example: string): string {
  const value = process.env[variable];
  if (value === undefined || value === '') throw new Error(`set ${variable}, for example to ${example}`);
  return value;
}
