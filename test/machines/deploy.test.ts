import { afterAll, beforeAll, beforeEach, expect, inject, it, vi } from 'vitest';
import { describeWhere } from '../support/describe-where.ts';
import { useLocalStack } from '../support/localstack.ts';
import { ROLE } from '../support/netns/metadata-server.ts';
import { monotonicMs } from '../support/netns/monotonic.ts';
import { missingRequirement } from '../support/netns/requirements.ts';
import { missingForSystemd } from '../support/systemd-machine.ts';
import { type CloudMachines, startCloudMachines } from './support/cloud-machines.ts';
import { tellLastWords } from './support/last-words.ts';
import { grantsOf, judge, questionsOf } from './support/policy.ts';
import { NAMES, type Name } from './support/vpc-machines.ts';

const MACHINES_TAKE_MS = 240_000;
const WAIT = { timeout: 120_000, interval: 200 };
const ANSWER = { withinMs: 120_000 };
const RUN_USER_DATA = ['cloud-init', 'single', '--name', 'scripts_user', '--frequency', 'always'];
const CREDENTIALS = 'meta-data/iam/security-credentials/';
const NO_SUCH_ADDRESS = 'eipalloc-0123456789abcdef0';

/** What no call of this run needs, and why it is in the policy. */
const UNUSED: Readonly<Record<string, string>> = {
  'NeverTakeATermTwice ssm:PutParameter': 'forbids what no daemon asks for',
};

/** From the example's template to a client's answer: CDK, CloudFormation, cloud-init, systemd, and what goes wrong. */
describeWhere(
  missingForSystemd() ?? missingRequirement(),
  'the CDK example, deployed',
  () => {
    const packages = inject('packages');
    const localStack = useLocalStack();
    let cloud: CloudMachines;
    beforeAll(async () => {
      if (localStack.missing !== '') return;
      cloud = await startCloudMachines(localStack.endpoint, packages.now);
    }, 600_000);
    beforeEach((context) => localStack.skipIfMissing(context));
    afterAll(() => cloud?.close(), 60_000);
    tellLastWords(() => cloud?.machines ?? new Map());

    const property = (name: Name, key: string, unit = 'eipkeeper.service') =>
      cloud.on(name, 'systemctl', 'show', '--value', `--property=${key}`, unit);
    const says = (name: Name, words: RegExp) =>
      vi.waitFor(async () => expect(await property(name, 'StatusText')).toMatch(words), WAIT);
    const serves = async (name: Name, whom: string) => {
      await cloud.client.waitForAnswerBy(whom, ANSWER);
      await says(name, new RegExp(`leader ${name}, `));
      expect(cloud.address.holder).toBe(cloud.instance(name).networkInterfaceId);
    };
    const isStopped = (name: Name) =>
      vi.waitFor(
        async () => expect(await property(name, 'ActiveState', 'nginx.service')).toBe('inactive'),
        WAIT,
      );
    /** What must not change when nothing is to be done. */
    const picture = async () => ({
      moves: cloud.address.moves,
      pids: await Promise.all(
        NAMES.flatMap((name) => [property(name, 'MainPID'), property(name, 'MainPID', 'nginx.service')]),
      ),
    });

    it('boots two machines whose user data end well', async () => {
      for (const name of NAMES) {
        expect(await cloud.userDataOutput(name)).toContain(
          'eipkeeper: user data ended with 0: this node is ready',
        );
      }
    });

    it('tells CloudFormation that a node is ready', async () => {
      const signal = await cloud.signal();
      expect(signal).toMatchObject({ Status: 'SUCCESS', Data: '0' });
      expect(signal.Reason).toMatch(/^(main|aux): this node is ready$/);
    });

    it('has the address on the preferred node, where nginx answers, and nowhere else', async () => {
      await serves('main', 'node_1');
      expect(await property('main', 'ActiveState', 'nginx.service')).toBe('active');
      await isStopped('aux');
      for (const name of NAMES) {
        expect(await property(name, 'UnitFileState', 'nginx.service')).toBe('disabled');
        expect(await property(name, 'UnitFileState')).toBe('enabled');
      }
    });

    it('changes nothing and loses no request when the user data run again', async () => {
      const before = await picture();
      const fromMs = monotonicMs();
      for (const name of NAMES) {
        // Not with --wait: it hangs when the script has systemd reload its units meanwhile.
        await cloud.on(
          name,
          'systemd-run',
          '--quiet',
          '--unit=again',
          '--remain-after-exit',
          ...RUN_USER_DATA,
        );
        await vi.waitFor(
          async () => expect(await property(name, 'SubState', 'again.service')).toBe('exited'),
          WAIT,
        );
      }
      expect(await picture()).toEqual(before);
      expect((await cloud.client.availabilitySince(fromMs)).failed).toBe(0);
    });

    it('loses no request when the package is upgraded, the leader last', async () => {
      const fromMs = monotonicMs();
      for (const name of ['aux', 'main'] as const) {
        const pid = await property(name, 'MainPID');
        await cloud.on(name, 'dpkg', '--install', packages.next);
        expect(await property(name, 'MainPID')).not.toBe(pid);
        await says(name, /leader main, /);
      }
      expect((await cloud.client.availabilitySince(fromMs)).failed).toBe(0);
    });

    it('serves from the other machine when one loses its power', async () => {
      await cloud.powerOff('main');
      await serves('aux', 'node_2');
    });

    it('has it back after the boot, which does not run the user data again', async () => {
      await cloud.powerOn('main');
      await serves('main', 'node_1');
      const output = await cloud.userDataOutput('main');
      // At the first boot, and once by hand.
      expect(output.match(/user data ended with 0/g)).toHaveLength(2);
    });

    it('has one leader after both lost their power at once', async () => {
      await Promise.all(NAMES.map((name) => cloud.powerOff(name)));
      for (const name of NAMES) await cloud.powerOn(name);
      await serves('main', 'node_1');
      await says('aux', /leader main, /);
      await isStopped('aux');
    });

    it('made no call that the role does not allow, and the role allows none that is not made', () => {
      const { stack } = cloud;
      const used = new Set<string>();
      const refused = cloud.calls().flatMap((call) =>
        questionsOf(call, stack).flatMap((question) => {
          const { allowed, sids } = judge(stack.policy, question);
          for (const sid of sids) used.add(`${sid} ${question.action}`);
          return allowed ? [] : [`${call.node} ${question.action} on ${question.resource}`];
        }),
      );
      expect([...new Set(refused)]).toEqual([]);
      const needed = [...used, ...Object.keys(UNUSED)].sort();
      expect(needed).toEqual(grantsOf(stack.policy));
    });

    it('says on the console and to CloudFormation that an instance has no role', async () => {
      cloud.metadata.set(cloud.instance('aux').instanceId, CREDENTIALS, null);
      await cloud.replace('aux');
      const reason =
        /making the key of the heartbeats failed with 69: .*no credentials: give the instance a role/;
      expect(await cloud.userDataOutput('aux')).toMatch(reason);
      const signal = await cloud.signal();
      expect(signal).toMatchObject({ Status: 'FAILURE', UniqueId: 'aux', Data: '69' });
      expect(signal.Reason).toMatch(reason);
      cloud.metadata.set(cloud.instance('aux').instanceId, CREDENTIALS, ROLE);
    });

    it('says on the console and in systemctl status that there is no such address', async () => {
      await cloud.reconfigure((text) => text.replaceAll(cloud.stack.allocationId, NO_SUCH_ADDRESS));
      const { instanceId, userData } = cloud.instance('aux');
      // The patience of a test.
      cloud.metadata.set(instanceId, 'user-data', userData.replace(/--wait \d+s/, '--wait 30s'));
      await cloud.replace('aux');
      const reason = new RegExp(`fit to serve failed with 124: .*${NO_SUCH_ADDRESS}: .*does not exist`);
      expect(await cloud.userDataOutput('aux')).toMatch(reason);
      expect((await cloud.signal()).Reason).toMatch(reason);
      const status = ['systemctl', 'status', '--no-pager', '--full', 'eipkeeper'];
      expect(await cloud.on('aux', ...status)).toMatch(
        new RegExp(`${NO_SUCH_ADDRESS}: .*does not exist \\(any more\\): check the configuration`),
      );
    });
  },
  MACHINES_TAKE_MS,
);
