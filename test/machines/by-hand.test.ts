import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { describeWhere } from '../support/describe-where.ts';
import { useLocalStack } from '../support/localstack.ts';
import { monotonicMs } from '../support/netns/monotonic.ts';
import { missingRequirement } from '../support/netns/requirements.ts';
import { missingForSystemd } from '../support/systemd-machine.ts';
import { pageText } from './support/documented-steps.ts';
import { type HandMachines, startHandMachines } from './support/hand-machines.ts';
import { tellLastWords } from './support/last-words.ts';

const MACHINES_TAKE_MS = 300_000;
const ANSWER = { withinMs: 120_000 };
const SECTION = 'On two instances';

/**
 * The pages for a new user, followed word for word on fresh machines: commands and configuration are read out of
 * them, and only what is the reader's own (instances, private addresses, the address) is put in.
 */
describeWhere(
  missingForSystemd() ?? missingRequirement(),
  'by hand',
  () => {
    const localStack = useLocalStack();
    let machines: HandMachines;
    beforeEach((context) => localStack.skipIfMissing(context));
    tellLastWords(() => machines?.machines ?? new Map());
    const onFreshMachines = () => {
      beforeAll(async () => {
        if (localStack.missing !== '') return;
        machines = await startHandMachines(localStack.endpoint, inject('packages').now);
      }, 600_000);
      afterAll(() => machines?.close(), 60_000);
    };

    describe('who follows the README', () => {
      onFreshMachines();

      it('has two nodes with which doctor is content, and an answer by the preferred one', async () => {
        const printed = await machines.follow(pageText('README.md', SECTION));
        expectContentDoctors(printed);
        await machines.client.waitForAnswerBy('node_1', ANSWER);
        expect(await leaders(machines)).toEqual(['main', 'main']);
      });

      it('has given the role every call that a node makes', () => {
        const granted: readonly string[] =
          pageText('README.md', SECTION).match(/(?<=`)(ec2|ssm):\w+(?=`)/g) ?? [];
        const made = machines.calls().map(({ call }) => `${/Parameter/.test(call) ? 'ssm' : 'ec2'}:${call}`);
        expect(made.filter((action) => !granted.includes(action))).toEqual([]);
        expect(made).toContain('ec2:AssociateAddress');
      });
    });

    describe('who gets started', () => {
      onFreshMachines();
      const [before = '', after] = pageText('docs/getting-started.md').split('stop the instance main');

      it('sees who leads, and loses no request in a switchover and back', async () => {
        const [start = '', proof] = before.split('## 5.');
        const printed = await machines.follow(start);
        expectContentDoctors(printed);
        await machines.client.waitForAnswerBy('node_1', ANSWER);
        const fromMs = monotonicMs();
        expect(await machines.follow(proof ?? '')).toMatch(/^HTTP.* 200 OK.*^X-Whom: node_1\r$/ms);
        const { failed, byWhom } = await machines.client.availabilitySince(fromMs);
        expect({ failed, nodes: Object.keys(byWhom).sort() }).toEqual({
          failed: 0,
          nodes: ['node_1', 'node_2'],
        });
        expect(await leaders(machines)).toEqual(['main', 'main']);
      });

      it('has an answer by the other node when one is stopped, by the first when it is back, and the reason', async () => {
        await machines.powerOff('main');
        await machines.client.waitForAnswerBy('node_2', ANSWER);
        await machines.powerOn('main');
        await machines.client.waitForAnswerBy('node_1', ANSWER);
        expect(await machines.follow(after ?? '')).toMatch(/^main leads web after aux.*handed over/m);
      });
    });
  },
  MACHINES_TAKE_MS,
);

/** On both nodes. How fast a busy machine answers, and whether the other one is through with its start, is left open. */
function expectContentDoctors(printed: string): void {
  expect(printed.match(/^no failures, /gm)).toHaveLength(2);
  expect(printed).not.toMatch(/^(FAILURE|WARNING) +(?!timings|daemon|\s)/m);
}

/** Who leads, as main and aux know it. */
const leaders = async ({ on }: HandMachines): Promise<readonly string[]> =>
  Promise.all(
    (['main', 'aux'] as const).map(async (name) => {
      const status = JSON.parse(await on(name, 'eipkeeper', 'status', '--output', 'json'));
      return status.groups[0].leader as string;
    }),
  );
