import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExampleStack } from '../../../infra/example/example-stack.ts';
import { ALARMS } from '../../../infra/src/alarms.ts';
import { NodePackage } from '../../../infra/src/index.ts';
import type { Note } from '../../../src/core/notes.ts';
import { sentenceOf } from '../../../src/observability/sentences.ts';
import { REGION, synthesise } from './synthesise.ts';

let outdir = '';
beforeEach(() => {
  outdir = mkdtempSync(join(tmpdir(), 'eipkeeper-cdk-'));
});
afterEach(() => rmSync(outdir, { recursive: true, force: true }));

function example(app: App, replaceable: boolean): ExampleStack {
  return new ExampleStack(app, 'Example', {
    region: REGION,
    imageId: 'ami-0123456789abcdef0',
    package: NodePackage.fromUrl('https://example.com/eipkeeper.rpm'),
    alarms: true,
    replaceable,
  });
}

describe('the example', () => {
  it.each([
    ['instances', false],
    ['replaceable', true],
  ])('with %s is as it was reviewed', async (name, replaceable) => {
    const template = Template.fromStack(example(new App({ outdir }), replaceable)).toJSON();
    await expect(`${JSON.stringify(template, null, 2)}\n`).toMatchFileSnapshot(`snapshots/${name}.template`);
  });

  it.each([false, true])(
    'passes cdk-nag with what it accepts in writing (replaceable: %s)',
    (replaceable) => {
      const app = new App({ outdir });
      Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
      example(app, replaceable);
      expect(() => app.synth()).not.toThrow();
    },
  );
});

const served = (reason: 'takeover' | 'switchover') =>
  ({
    type: 'serving',
    group: 'web',
    term: 8,
    reason,
    detectMs: 1_000,
    claimMs: 100,
    moveMs: 600,
    startMs: 0,
    totalMs: 1_700,
  }) as unknown as Note;

describe('the example app', () => {
  const APP = fileURLToPath(new URL('../../../infra/example/app.ts', import.meta.url));
  const start = (environment: Record<string, string>) =>
    spawnSync(process.execPath, [APP], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, CDK_OUTDIR: outdir, ...environment },
    });

  it('writes a template', () => {
    const { status, stderr } = start({
      EIPKEEPER_REGION: REGION,
      EIPKEEPER_IMAGE: 'ami-0123456789abcdef0',
      EIPKEEPER_PACKAGE: 's3://packages/eipkeeper.rpm',
    });
    expect(stderr).not.toContain('Error');
    expect(status).toBe(0);
    const template = readFileSync(join(outdir, 'EipkeeperExample.template.json'), 'utf8');
    expect(template).toContain('s3://packages/eipkeeper.rpm');
  });

  it('says what it lacks', () => {
    expect(start({}).stderr).toMatch(/set EIPKEEPER_\w+, for example to/);
  });
});

describe('the alarms', () => {
  const { template } = synthesise((stack) => ({
    alarms: { logGroup: new LogGroup(stack, 'L'), topic: new Topic(stack, 'T') },
  }));

  it.each([
    ['Takeover', served('takeover')],
    ['CannotLead', { type: 'ineligible', group: 'web', reason: 'its calls to EC2 fail' }],
    ['AuthorityLost', { type: 'authority-lost', group: 'web', term: 7 }],
    ['AddressFailed', { type: 'address-failed', group: 'web', reason: 'EC2 AssociateAddress failed' }],
    ['ServicesFailed', { type: 'services-failed', group: 'web', reason: 'nginx does not start' }],
  ] as unknown as [string, Note][])('%s waits for words that the daemon writes', (id, note) => {
    const { text } = sentenceOf(note, { self: 'main', addressOf: () => '203.0.113.10' });
    const matching = Object.entries(ALARMS).filter(([, { words }]) => text.includes(words));
    expect(matching.map(([name]) => name)).toEqual([id]);
  });

  it('wait for no planned move', () => {
    const { text } = sentenceOf(served('switchover'), { self: 'main', addressOf: () => '203.0.113.10' });
    expect(Object.values(ALARMS).filter(({ words }) => text.includes(words))).toEqual([]);
  });

  it('Defect waits for words that the daemon writes', () => {
    const daemon = readFileSync(new URL('../../../src/runtime/daemon.ts', import.meta.url), 'utf8');
    expect(daemon).toContain(ALARMS.Defect!.words);
  });

  it('are one for each kind of sentence, tell the topic, and take silence for good', () => {
    const count = Object.keys(ALARMS).length;
    template.resourceCountIs('AWS::Logs::MetricFilter', count);
    template.resourceCountIs('AWS::CloudWatch::Alarm', count);
    for (const { Properties } of Object.values(template.findResources('AWS::CloudWatch::Alarm'))) {
      expect(Properties).toMatchObject({ TreatMissingData: 'notBreaching', Threshold: 1 });
      expect(Properties.AlarmActions).toHaveLength(1);
    }
  });
});
