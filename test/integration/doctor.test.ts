import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LoopbackCluster, UNHURRIED } from '../support/loopback-cluster.ts';

vi.setConfig(UNHURRIED);

interface Line {
  readonly check: string;
  readonly verdict: 'ok' | 'warning' | 'failure';
  readonly text: string;
  readonly advice: string;
}

/** The real command beside real daemons; AWS is the emulator. */
describe('eipkeeper doctor', () => {
  let cluster: LoopbackCluster;

  beforeEach(async () => {
    cluster = new LoopbackCluster();
    await cluster.start();
  });
  afterEach(() => cluster.close());

  async function examine(...words: readonly string[]) {
    const { code, output } = await cluster.main.command('doctor', '--output', 'json', ...words);
    const json = JSON.parse(output.slice(output.indexOf('{'))) as { exitCode: number; findings: Line[] };
    expect(json.exitCode).toBe(code);
    const said = (verdict: Line['verdict']) =>
      json.findings.filter((line) => line.verdict === verdict).map(({ check, text }) => `${check}: ${text}`);
    return {
      code,
      oks: said('ok').join('\n'),
      warnings: said('warning').join('\n'),
      failures: said('failure'),
    };
  }

  const fail = (call: string, code: string) =>
    cluster.aws.faults.inject({
      call,
      fault: { kind: 'error', code, status: code.startsWith('Un') ? 403 : 400 },
    });
  const parameters = () => cluster.aws.parameters.list('/', true, 0).map(({ name }) => name);
  const associations = () => [...cluster.aws.cloud.view().addresses.values()].map((one) => one.association);

  it('finds nothing wrong with a pair that serves, and leaves nothing behind', async () => {
    await cluster.startServing();
    const [before, named] = [associations(), parameters()];
    const { code, oks, failures } = await examine();
    expect(failures).toEqual([]);
    expect(code).toBe(0);
    expect(oks).toContain('EC2 role: allows DescribeInstanceStatus, DescribeAddresses, AssociateAddress');
    expect(oks).toMatch(/heartbeats: aux .* answers in/);
    expect(oks).toMatch(/address: web: .* is on main/);
    expect(oks).toContain('daemon: main leads web');
    expect(associations()).toEqual(before);
    expect(parameters()).toEqual(named);
    const { output } = await cluster.main.command('doctor');
    expect(output.trimEnd().split('\n').at(-1)).toBe('no failures, 1 warning');
  });

  it('names each permission that the role lacks, with what to add', async () => {
    const restore = [
      fail('AssociateAddress', 'UnauthorizedOperation'),
      fail('PutParameter', 'AccessDeniedException'),
    ];
    const { code, failures } = await examine();
    expect(code).toBe(77);
    expect(failures.join('\n')).toMatch(/EC2 role: EC2 AssociateAddress failed: UnauthorizedOperation/);
    expect(failures.join('\n')).toMatch(/witness: SSM PutParameter failed: AccessDenied/);
    for (const undo of restore) undo();
    fail('DeleteParameters', 'AccessDeniedException');
    expect((await examine()).warnings).toMatch(/witness: web: old terms would stay/);
  });

  it('tells a free address, one on a stranger, and one that does not exist', async () => {
    expect((await examine()).oks).toMatch(/address: web: .* is free to come here/);
    const [stranger] = [...cluster.aws.cloud.view().interfaces.values()].filter(({ privateIps }) =>
      privateIps.includes('127.44.1.13'),
    );
    cluster.aws.cloud.associate({
      allocationId: cluster.allocationId,
      networkInterfaceId: stranger!.networkInterfaceId,
      privateIp: '127.44.1.13',
      instanceId: undefined,
      allowReassociation: true,
    });
    expect((await examine()).warnings).toMatch(/which is none of the nodes: a takeover will not take it/);
    cluster.main.write((file) => {
      file.groups.web.resources.at(-1)['elastic-ip'].allocationId = 'eipalloc-00000000';
    });
    const { code, failures } = await examine();
    expect(code).toBe(78);
    expect(failures[0]).toMatch(/address: eipalloc-00000000: .*NotFound/);
  });

  it('asks for the calls that move a private address, wherever that is', async () => {
    const ADDRESS = '127.44.1.50';
    cluster.main.write((file) => {
      file.groups.web.resources.push({ 'private-ip': { address: ADDRESS, configure: false } });
    });
    const { oks, failures } = await examine();
    expect(failures.filter((line) => line.startsWith('EC2'))).toEqual([]);
    expect(oks).toContain('AssignPrivateIpAddresses, UnassignPrivateIpAddresses');
    fail('AssignPrivateIpAddresses', 'UnauthorizedOperation');
    expect((await examine()).failures.join('\n')).toMatch(/EC2 role: EC2 AssignPrivateIpAddresses failed/);
    expect(cluster.aws.cloud.interfaceOf('main').privateIps).toEqual([cluster.main.address]);
  });

  it('sees that a takeover would push another Elastic IP off the interface', async () => {
    const other = cluster.aws.cloud.allocate();
    const [own] = [...cluster.aws.cloud.view().interfaces.values()].filter(({ privateIps }) =>
      privateIps.includes(cluster.main.address),
    );
    cluster.aws.cloud.associate({
      allocationId: other.allocationId,
      networkInterfaceId: own!.networkInterfaceId,
      privateIp: cluster.main.address,
      instanceId: undefined,
      allowReassociation: true,
    });
    const { code, failures } = await examine();
    expect(code).toBe(78);
    expect(failures[0]).toContain(`has the Elastic IP ${other.publicIp} already`);
  });

  it('says what is wrong with a file, a region and a slow witness', async () => {
    cluster.aws.faults.inject({ service: 'ssm', fault: { kind: 'delay', afterMs: 700 } });
    cluster.main.write((file) => {
      file.aws = { region: 'us-east-1' };
    });
    const { failures } = await examine();
    expect(failures.join('\n')).toMatch(/region: aws.region of the configuration says us-east-1/);
    expect(failures.join('\n')).toMatch(/timings: SSM answers in \d+ ms .* witnessTimeout is 500ms/);
    writeFileSync(cluster.main.configPath, 'cluster: [');
    const broken = await examine();
    expect(broken.code).toBe(78);
    expect(broken.failures).toHaveLength(1);
    expect(broken.warnings).toContain('not looked at, for want of the configuration');
  });

  it('warns of a leader with other timings than in the file here', async () => {
    await cluster.startServing();
    cluster.aux.write((file) => {
      file.timings.deadtime = '2s';
      file.timings.initdead = '3s';
    });
    const { code, output } = await cluster.aux.command('doctor');
    expect(output).toMatch(
      /WARNING {2}timings .*main leads with a deadtime of 1\.5s, and the file here says 2s/,
    );
    expect(code).toBe(0);
  });

  it('asks the peers itself where no daemon runs, and knows another key from silence', async () => {
    expect((await examine()).failures.join('\n')).toMatch(/heartbeats: nobody listens on UDP \d+ of aux/);
    cluster.aux.start();
    await cluster.aux.says('aux runs');
    expect((await examine()).oks).toMatch(/heartbeats: aux .* answers in/);
    writeFileSync(join(cluster.main.dir, 'key'), 'cd'.repeat(32), { mode: 0o600 });
    cluster.main.write((file) => {
      file.key = { file: join(cluster.main.dir, 'key') };
    });
    const { code, failures } = await examine();
    expect(code).toBe(78);
    expect(failures[0]).toMatch(/heartbeats: aux .* signs with another key/);
  });

  it('waits until the daemons run and have found each other, or for its time', async () => {
    const ended = await cluster.main.command('doctor', '--wait', '10s');
    expect(ended.output.trimEnd().split('\n').at(-1)).toMatch(/begin with daemon: it does not run$/);
    expect(ended.code).toBe(124);
    const waiting = examine('--wait', '80s');
    cluster.main.start();
    await cluster.main.says('main runs');
    cluster.aux.start();
    const { code, failures } = await waiting;
    expect(failures).toEqual([]);
    expect(code).toBe(0);
  });
});
