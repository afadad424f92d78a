import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Environment, Stack, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { MachineImage } from 'aws-cdk-lib/aws-ec2';
import { vi } from 'vitest';
import {
  ElasticIpFailoverPair,
  type ElasticIpFailoverPairProps,
  NodePackage,
} from '../../../infra/src/index.ts';

// CDK's own checks of a template take seconds where the machine is busy.
vi.setConfig({ testTimeout: 120_000 });

export const REGION = 'eu-west-1';
export const IMAGE = MachineImage.genericLinux({ [REGION]: 'ami-0123456789abcdef0' });

export interface Synthesised {
  readonly pair: ElasticIpFailoverPair;
  readonly stack: Stack;
  readonly template: Template;
}

const ENV = { account: '111122223333', region: REGION };

/** A stack with a pair, changed from the least that one can write. */
export function synthesise(
  change: Partial<ElasticIpFailoverPairProps> | ((stack: Stack) => Partial<ElasticIpFailoverPairProps>) = {},
  env: Environment = ENV,
): Synthesised {
  const outdir = mkdtempSync(join(tmpdir(), 'eipkeeper-cdk-'));
  try {
    const stack = new Stack(new App({ outdir }), 'Test', { env });
    Validations.of(stack).acknowledge({
      id: 'CloudFormation-Validate::W9010',
      reason: 'the image of a test',
    });
    const pair = new ElasticIpFailoverPair(stack, 'Pair', {
      clusterName: 'web',
      package: NodePackage.fromUrl('https://example.com/eipkeeper.rpm'),
      machineImage: IMAGE,
      ...(typeof change === 'function' ? change(stack) : change),
    });
    return { pair, stack, template: Template.fromStack(stack) };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** What deploying would make of a value of the template, with every reference as `<Id>` or `<Id.Attribute>`. */
export function deployed(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[name, argument] = ['', ''] as const] = Object.entries(value as Record<string, unknown>);
  switch (name) {
    case 'Ref':
      return `<${argument as string}>`;
    case 'Fn::GetAtt':
      return `<${(argument as string[]).join('.')}>`;
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map(deployed).join(separator);
    }
    case 'Fn::Base64':
      return deployed(argument);
    default:
      throw new Error(`nobody deploys ${name} here`);
  }
}
