import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { imported, refused } from './import-support.ts';

const resourcesOf = async (haresources: string, setup: Parameters<typeof imported>[0] = {}) => {
  const { file, remarks } = await imported({ haresources, ...setup });
  const [group] = Object.values(file.groups) as { resources: unknown[] }[];
  return { resources: group?.resources, remarks: remarks.join('\n') };
};
const EIP = { 'elastic-ip': { publicIp: '203.0.113.10' } };

describe('an address in haresources', () => {
  it.each([
    '203.0.113.10',
    'IPaddr::203.0.113.10',
    'IPaddr2::203.0.113.10/24/eth0/203.0.113.255',
    '203.0.113.10/24',
  ])('%s becomes an Elastic IP', async (written) => {
    const { resources, remarks } = await resourcesOf(`main ${written} nginx\n`);
    expect(resources).toEqual([EIP, { nginx: {} }]);
    expect(remarks).toContain('203.0.113.10 is taken for an Elastic IP: EC2 was not asked');
    expect(remarks.includes('(netmask, interface, broadcast)')).toBe(written.includes('/'));
  });

  it('is named by its allocation when EC2 knows it', async () => {
    const answers = { '203.0.113.10': { kind: 'elastic-ip', allocationId: 'eipalloc-0abc' } as const };
    const { resources, remarks } = await resourcesOf('main 203.0.113.10 nginx\n', { answers });
    expect(resources).toEqual([{ 'elastic-ip': { allocationId: 'eipalloc-0abc' } }, { nginx: {} }]);
    expect(remarks).not.toContain('taken for');
  });

  it('is said to be none when EC2 knows none', async () => {
    const answers = { '203.0.113.10': { kind: 'none', region: 'eu-west-1' } as const };
    const { remarks } = await resourcesOf('main 203.0.113.10 nginx\n', { answers });
    expect(remarks).toContain('203.0.113.10 is no Elastic IP of this account in eu-west-1: allocate one');
  });

  it('of a private network becomes a private-ip, unless --eip says otherwise', async () => {
    const { resources, remarks } = await resourcesOf('main 10.8.0.1 nginx\n');
    expect(resources).toEqual([{ 'private-ip': { address: '10.8.0.1', configure: true } }, { nginx: {} }]);
    expect(remarks).toContain('must be free in the subnet of all nodes');
    const eips = [{ what: '10.8.0.1', place: 'eipalloc-0abc' }];
    const replaced = await resourcesOf('main IPaddr::10.8.0.1/24 nginx\n', { eips });
    expect(replaced.resources).toEqual([{ 'elastic-ip': { allocationId: 'eipalloc-0abc' } }, { nginx: {} }]);
  });

  it('is asked for where a group has none', async () => {
    expect((await refused({ haresources: 'main httpd\n' }))[0]).toContain(
      'haresources:1: this group has no address that moves, and without one there is nothing to fail over: add --eip httpd=',
    );
    const { resources } = await resourcesOf('main nginx\n', {
      eips: [{ what: null, place: '203.0.113.10' }],
    });
    expect(resources).toEqual([{ nginx: {} }, EIP]);
  });

  it.each([null, '# nothing\n'])('is all that is kept where haresources is %j', async (haresources) => {
    expect((await refused({ haresources }))[0]).toContain('haresources: has no group, so nothing would move');
    const { file } = await imported({ haresources, eips: [{ what: null, place: '203.0.113.10' }] });
    expect(file.groups).toEqual({ address: { nodes: ['main', 'aux'], failback: 'auto', resources: [EIP] } });
  });

  it('that --eip names and nobody needs is refused', async () => {
    const [nameless] = await refused({ eips: [{ what: null, place: '203.0.113.9' }] });
    expect(nameless).toContain('--eip 203.0.113.9 fits nothing: no resource lacks an address');
    const [named] = await refused({ eips: [{ what: 'nothing', place: '203.0.113.9' }] });
    expect(named).toContain('--eip nothing=203.0.113.9 fits nothing');
  });
});

describe('a script that moves an Elastic IP', () => {
  const script = (text: string) => ({ moveit: { folder: 'init.d', text } as const });

  it.each([
    ['aws ec2 associate-address --instance-id $i --public-ip 203.0.113.10', EIP],
    ['ip=203.0.113.10\nid=$(curl -s http://169.254.169.254/latest)\nec2-associate-address -i $id $ip', EIP],
    [
      'aws ec2 associate-address --allocation-id eipalloc-0abc',
      { 'elastic-ip': { allocationId: 'eipalloc-0abc' } },
    ],
    [
      'client.associate_address(AllocationId="eipalloc-0abc")',
      { 'elastic-ip': { allocationId: 'eipalloc-0abc' } },
    ],
    [
      'aws ec2 assign-private-ip-addresses --private-ip-addresses 10.0.0.50',
      { 'private-ip': { address: '10.0.0.50', configure: true } },
    ],
  ])('is recognised by what it does: %j', async (text, resource) => {
    const { resources, remarks } = await resourcesOf('main moveit nginx\n', { scripts: script(text) });
    expect(resources).toEqual([resource, { nginx: {} }]);
    expect(remarks).toContain('"moveit" moves an address by EC2\'s API');
  });

  it('may take the address as its argument', async () => {
    const { resources } = await resourcesOf('main moveit::203.0.113.10\n', {
      scripts: script('aws ec2 associate-address --public-ip "$1"'),
    });
    expect(resources).toEqual([EIP]);
  });

  it.each(['updateEIP', 'eip', 'elastic-ip', 'assign_eip', 'ElasticIP'])(
    'is known by its name where it is not at hand: %s',
    async (name) => {
      expect((await refused({ haresources: `main ${name} nginx\n` }))[0]).toBe(
        `haresources:1: "${name}" moves an Elastic IP, and its script is not here to say which: add --eip ${name}=<address or allocation>`,
      );
      const eips = [{ what: name, place: '203.0.113.10' }];
      expect((await resourcesOf(`main ${name} nginx\n`, { eips })).resources).toEqual([EIP, { nginx: {} }]);
    },
  );

  it('is known by its name, too, when it leaves the call to another program', async () => {
    const scripts = { updateEIP: { folder: 'init.d', text: 'exec /opt/move.py 203.0.113.10' } as const };
    expect((await resourcesOf('main updateEIP nginx\n', { scripts })).resources).toEqual([
      EIP,
      { nginx: {} },
    ]);
  });

  it('that names two addresses is asked about', async () => {
    const scripts = script('associate-address 203.0.113.10 # or\nassociate-address 203.0.113.11');
    expect((await refused({ haresources: 'main moveit\n', scripts }))[0]).toContain(
      'its script does not say which',
    );
  });

  it('is not seen in a comment, nor in a name that only sounds like it', async () => {
    const { resources } = await resourcesOf('main 203.0.113.10 moveit receipts\n', {
      scripts: script('# associate-address\nexec daemon'),
    });
    expect(resources).toEqual([EIP, { lsb: { script: 'moveit' } }, { lsb: { script: 'receipts' } }]);
  });
});

describe('a service in haresources', () => {
  it('keeps its place, and addresses come last whatever the order', async () => {
    const { resources, remarks } = await resourcesOf('main 203.0.113.10 haproxy nginx\n');
    expect(resources).toEqual([EIP, { haproxy: {} }, { nginx: {} }]);
    expect(remarks).toContain('addresses come last and leave first');
  });

  it('is an init script, or the unit that took its place', async () => {
    const scripts = { ledger: { folder: 'init.d', text: '' } as const };
    const { resources, remarks } = await resourcesOf('main 203.0.113.10 ledger httpd smb\n', {
      scripts,
      units: ['httpd.service'],
    });
    expect(resources).toEqual([
      EIP,
      { lsb: { script: 'ledger' } },
      { systemd: { unit: 'httpd.service' } },
      { lsb: { script: 'smb' } },
    ]);
    expect(remarks).toContain('check haresources:1 "smb" has neither script nor unit on this machine');
  });

  it('of resource.d is the OCF agent that it called', async () => {
    const { resources, remarks } = await resourcesOf(
      'main 203.0.113.10 Filesystem::/dev/sdb1::/data::ext4 Filesystem::/dev/sdc1::/log apache::/etc/apache2/apache2.conf ldirectord::ldirectord.cf\n',
    );
    expect(resources).toEqual([
      EIP,
      {
        ocf: {
          agent: 'ocf:heartbeat:Filesystem',
          parameters: { device: '/dev/sdb1', directory: '/data', fstype: 'ext4' },
        },
      },
      {
        ocf: {
          agent: 'ocf:heartbeat:Filesystem',
          parameters: { device: '/dev/sdc1', directory: '/log' },
          name: 'Filesystem-2',
        },
      },
      {
        ocf: {
          agent: 'ocf:heartbeat:apache',
          parameters: { configfile: '/etc/apache2/apache2.conf' },
          exclusive: false,
        },
      },
      {
        ocf: {
          agent: 'ocf:heartbeat:ldirectord',
          parameters: { configfile: '/etc/ha.d/ldirectord.cf' },
          exclusive: false,
        },
      },
    ]);
    expect(remarks).toContain('it must never run twice, so its group is exclusive');
  });

  it.each(['SendArp::10.0.0.1', 'IPv6addr::2001:db8::1', 'WinPopup', 'ServeRAID::1::1'])(
    'is left out with the reason: %s',
    async (written) => {
      const { resources, remarks } = await resourcesOf(`main 203.0.113.10 ${written}\n`);
      expect(resources).toEqual([EIP]);
      expect(remarks).toMatch(/left-out haresources:1 ".*" is not carried over: \w+/);
    },
  );

  it('with arguments is run by its commands', async () => {
    const { resources, remarks } = await resourcesOf(
      'main 203.0.113.10 drbddisk::r0 drbddisk::r1 mount::a::b\n',
    );
    expect(resources).toMatchObject([
      EIP,
      {
        exec: {
          name: 'drbddisk',
          start: ['/etc/ha.d/resource.d/drbddisk', 'r0', 'start'],
          stop: ['/etc/ha.d/resource.d/drbddisk', 'r0', 'stop'],
          exclusive: true,
        },
      },
      { exec: { name: 'drbddisk-2', start: ['/etc/ha.d/resource.d/drbddisk', 'r1', 'start'] } },
      { exec: { name: 'mount', start: ['/etc/ha.d/resource.d/mount', 'a', 'b', 'start'] } },
    ]);
    expect(remarks).toContain('keep /etc/ha.d/resource.d/drbddisk when Heartbeat is removed');
  });

  it('run by its commands has its status read as Heartbeat read it', async () => {
    const { resources } = await resourcesOf('main 203.0.113.10 tool::x\n');
    const [, tool] = resources as { exec: { monitor: string[] } }[];
    const directory = mkdtempSync(join(tmpdir(), 'eipkeeper-import-'));
    try {
      const path = join(directory, 'tool');
      const monitor = (tool?.exec.monitor ?? []).map((word) => (word.endsWith('/tool') ? path : word));
      const statusOf = (output: string): number => {
        writeFileSync(path, `#!/bin/sh\n[ "$1 $2" = "x status" ] && echo "${output}"\nexit 1\n`);
        chmodSync(path, 0o755);
        try {
          execFileSync(monitor[0] ?? '', monitor.slice(1));
          return 0;
        } catch (error) {
          return (error as { status: number }).status;
        }
      };
      expect(
        ['running', 'OK', 'is Running.', 'is NOT Running', 'not running', 'stopped', ''].map(statusOf),
      ).toEqual([0, 0, 0, 7, 7, 7, 7]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('in two groups runs on every node all the time', async () => {
    const { file, remarks } = await imported({ haresources: 'main 10.8.0.1 nginx\naux 10.8.0.2 nginx\n' });
    expect(Object.keys(file.groups)).toEqual(['nginx', 'nginx-2']);
    expect(file.groups.nginx).toMatchObject({ nodes: ['main', 'aux'], standbyServices: 'warm' });
    expect(file.groups['nginx-2']).toMatchObject({ nodes: ['aux', 'main'], standbyServices: 'warm' });
    expect(remarks).toContainEqual(expect.stringContaining('"nginx" is in the group of line 1 too'));
  });

  it('that must never run twice cannot stand beside one that runs on every node', async () => {
    const haresources = 'main 10.8.0.1 nginx\naux 10.8.0.2 nginx Filesystem::/dev/sdb1::/data\n';
    expect((await refused({ haresources }))[0]).toMatch(
      /^haresources:2: "Filesystem::.*" must never run twice/,
    );
  });
});

describe('several groups', () => {
  const haresources = 'main 203.0.113.10 nginx\naux 203.0.113.11 haproxy\n';

  it('with an Elastic IP each need a second private address, and say so', async () => {
    expect((await refused({ haresources }))[0]).toContain(
      'haresources:2: 203.0.113.11 needs a private address of its own on each node',
    );
    const { file } = await imported({
      haresources,
      peers: { main: ['10.0.0.11', '10.0.0.21'], aux: ['10.0.1.12', '10.0.1.22'] },
    });
    expect(file.groups.haproxy).toMatchObject({
      nodes: ['aux', 'main'],
      resources: [
        {
          'elastic-ip': { publicIp: '203.0.113.11', privateAddress: { main: '10.0.0.21', aux: '10.0.1.22' } },
        },
        { haproxy: {} },
      ],
    });
  });

  it('may not name a node that ha.cf does not', async () => {
    expect((await refused({ haresources: 'other 203.0.113.10\n' }))[0]).toBe(
      'haresources:1: "other" is no node of ha.cf; there are main, aux',
    );
  });

  it('are refused with their line where the configuration could not be right', async () => {
    expect(await refused({ haresources: 'main 10.0.0.11 nginx\n' })).toContainEqual(
      expect.stringMatching(
        /^haresources:1 10.0.0.11: what would be made of this is refused: .*10.0.0.11 is an address of main/,
      ),
    );
  });
});

it.each(['node', 'request'])('a group is not called %s, which the witness keeps for itself', async (name) => {
  const scripts = { [name]: { folder: 'init.d', text: '#!/bin/sh' } as const };
  const { file } = await imported({ haresources: `main 203.0.113.10 ${name}\n`, scripts });
  expect(Object.keys(file.groups)).toEqual(['group']);
});
