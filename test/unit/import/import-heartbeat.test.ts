import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DIRECTIVES } from '../../../src/import/directives.ts';
import { ImportError } from '../../../src/import/import-error.ts';
import { HA_CF, HARESOURCES, imported, refused } from './import-support.ts';

/** The head of ha.cf without media and nodes. */
const HEAD = 'keepalive 2\ndeadtime 30\nauto_failback off\n';
const NODES = 'node main aux\n';

describe('an imported configuration', () => {
  it('says in each line where it came from', async () => {
    const { text, file } = await imported();
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines.length).toBeGreaterThan(15);
    expect(lines.filter((line) => !/ {2}# \S/.test(line))).toEqual([]);
    expect(text).toMatch(/^ {2}main: .* # ha.cf:9 node main; ha.cf:6 ucast eth0 10.0.0.11, by order$/m);
    expect(file).toEqual({
      cluster: 'main',
      key: { file: '/etc/eipkeeper/key' },
      port: 694,
      nodes: { main: { address: '10.0.0.11' }, aux: { address: '10.0.1.12' } },
      timings: { keepalive: '2s', warntime: '10s', deadtime: '30s', initdead: '2m' },
      groups: {
        nginx: {
          nodes: ['main', 'aux'],
          failback: 'auto',
          resources: [{ 'elastic-ip': { publicIp: '203.0.113.10' } }, { nginx: {} }],
        },
      },
    });
  });

  it.each([
    ['auth 1\n1 crc\n', 'authkeys:2 crc: a new key instead'],
    ['auth 2\n2 md5 s3cret\n', 'authkeys:2 md5: a new key instead'],
    ['auth 3\n3 sha1 s3cret\n', 'authkeys:2 sha1: a new key instead'],
    [null, 'no authkeys: a new key'],
  ])('has a new key in the place of %j', async (authkeys, comment) => {
    const { text } = await imported({ authkeys });
    expect(text).toContain(comment);
    expect(text).not.toContain('s3cret');
  });

  it('holds no password of a power switch', async () => {
    const haCf = `${HA_CF}stonith_host * baytech 10.0.0.3 login s3cret\n`;
    const { text } = await imported({ haCf });
    expect(text).toContain('"stonith_host * baytech …": nobody is powered off');
    expect(text).not.toContain('s3cret');
  });

  it('tells fifty of five thousand mistakes, and how many more there are', async () => {
    const lines = Array.from({ length: 5_000 }, (_, line) => `wrong${line} 1\n`).join('');
    const message = (await refused({ haCf: HA_CF + lines })).join('\n');
    expect(message).toContain('"wrong0" is no directive');
    expect(message.split('\n')).toHaveLength(51);
    expect(message).toMatch(/and 4950 more$/);
  });

  it('leaves nothing out silently: every directive that is not carried is listed with its line', async () => {
    const silent = Object.entries(DIRECTIVES).filter(
      ([, { treatment }]) => treatment === 'needless' || treatment === 'lost',
    );
    expect(silent.length).toBeGreaterThan(30);
    const haCf = HA_CF + silent.map(([name]) => `${name} 1\n`).join('');
    const { remarks } = await imported({ haCf });
    for (const [index, [name, { becomes }]] of silent.entries()) {
      expect(remarks).toContain(`left-out ha.cf:${index + 10} "${name} 1": ${becomes}`);
    }
  });

  it('is right or refused with ImportError, whatever the lines say', async () => {
    const word = fc.constantFrom(
      '1',
      '2s',
      '400ms',
      '0',
      'on',
      'eth0',
      '10.0.0.1',
      '10.0.0.2',
      'main',
      'aux',
      '"',
      '1.5h',
    );
    const line = fc
      .tuple(fc.constantFrom(...Object.keys(DIRECTIVES)), fc.array(word, { maxLength: 4 }))
      .map(([name, words]) => [name, ...words].join(' '));
    const resource = fc.constantFrom(
      'nginx',
      '10.0.0.5/24',
      '203.0.113.1',
      'drbddisk::r0',
      'Filesystem::/dev/b::/b::ext4',
      'httpd',
      'IPaddr::',
      'myEIP',
      '\\',
      '#',
    );
    const group = fc
      .tuple(fc.constantFrom('main', 'aux', 'x'), fc.array(resource, { maxLength: 5 }))
      .map(([node, list]) => [node, ...list].join(' '));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 6 }),
        fc.array(group, { maxLength: 4 }),
        async (lines, groups) => {
          try {
            await imported({ haCf: [...lines, HA_CF].join('\n'), haresources: groups.join('\n') });
          } catch (error) {
            if (!(error instanceof ImportError)) throw error;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('the address of a node', () => {
  const twoUcast = `${HEAD}ucast eth0 10.0.0.11\nucast eth0 10.0.1.12\n`;

  it('is the one in its name, as EC2 gives names', async () => {
    const { file, remarks } = await imported({
      haCf: `${twoUcast}node ip-10-0-1-12 ip-10-0-0-11.ec2.internal\n`,
      haresources: 'ip-10-0-1-12 203.0.113.10\n',
    });
    expect(file.nodes).toEqual({
      'ip-10-0-1-12': { address: '10.0.1.12' },
      'ip-10-0-0-11': { address: '10.0.0.11', hostname: 'ip-10-0-0-11.ec2.internal' },
    });
    expect(remarks.join()).not.toContain('order');
  });

  it('is the one that /etc/hosts gives its name', async () => {
    const hosts = new Map([['aux', ['127.0.1.1', '10.0.0.11']]]);
    const { file } = await imported({ haCf: twoUcast + NODES, machine: { hosts } });
    expect(file.nodes).toEqual({ main: { address: '10.0.1.12' }, aux: { address: '10.0.0.11' } });
  });

  it('is the one that only its own file leaves out', async () => {
    const of = (address: string) => `${HEAD}ucast eth0 ${address}\n${NODES}`;
    const { file, text } = await imported({
      haCf: of('10.0.1.12'),
      owner: 'main',
      others: { aux: of('10.0.0.11') },
    });
    expect(file.nodes).toEqual({ main: { address: '10.0.0.11' }, aux: { address: '10.0.1.12' } });
    expect(text).toContain('not in the file of main');
  });

  it('is that of the interface, on the machine whose file names its peer only', async () => {
    const { file } = await imported({
      haCf: `${HEAD}ucast eth1 10.0.1.12\n${NODES}`,
      machine: { hostname: 'main.example.com', addresses: { eth0: ['192.168.0.1'], eth1: ['10.0.0.11'] } },
    });
    expect(file.nodes).toEqual({ main: { address: '10.0.0.11' }, aux: { address: '10.0.1.12' } });
  });

  it('is guessed by the order of the lines at last, and that is said', async () => {
    const { remarks } = await imported({ haCf: twoUcast + NODES });
    expect(remarks).toContainEqual(
      expect.stringMatching(/^check ha.cf:4 which node has which address .* main 10.0.0.11, aux 10.0.1.12/),
    );
  });

  it('is what --peer says, before all else', async () => {
    const { file, remarks } = await imported({
      haCf: twoUcast + NODES,
      peers: { main: ['10.0.1.12'], AUX: ['10.9.9.9'] },
    });
    expect(file.nodes).toEqual({ main: { address: '10.0.1.12' }, aux: { address: '10.9.9.9' } });
    expect(remarks).toContain('left-out ha.cf:4 "ucast eth0 10.0.0.11": --peer names other addresses');
  });

  it('is one for each interface', async () => {
    const { file } = await imported({
      haCf: `${HEAD}ucast eth0 10.0.0.11\nucast eth1 10.1.0.11\nucast eth0 10.0.0.12\nucast eth1 10.1.0.12\n${NODES}`,
    });
    expect(file.nodes).toEqual({
      main: { addresses: ['10.0.0.11', '10.1.0.11'] },
      aux: { addresses: ['10.0.0.12', '10.1.0.12'] },
    });
  });

  it.each([
    [`${HEAD}bcast eth0\n${NODES}`, 'ha.cf:4: "bcast eth0": a VPC carries neither broadcast nor multicast'],
    [
      `${HEAD}mcast eth0 239.0.0.1 694 1 0\n${NODES}`,
      'ha.cf:4: "mcast eth0 239.0.0.1 694 1 0": a VPC carries',
    ],
    [
      `${HEAD}serial /dev/ttyS0\n${NODES}`,
      'ha.cf:4: "serial /dev/ttyS0": an EC2 instance has no serial line',
    ],
    [`${HEAD}${NODES}`, 'add --peer main=<its private address> --peer aux=<its private address>'],
    [`${HEAD}ucast eth0 10.0.1.12\n${NODES}`, 'ha.cf:5: which address belongs to main and aux is not said'],
    [
      `${HEAD}ucast eth0 10.xxx.xxx.xxa\n${NODES}`,
      'ha.cf:4: "ucast eth0 10.xxx.xxx.xxa": this is no IP address',
    ],
    [`${twoUcast}ucast eth0 10.0.2.13\n${NODES}`, 'which address belongs to'],
    [`${HEAD}ucast6 eth0 fe80::1\nucast6 eth0 fe80::2\n${NODES}`, 'a link-local address cannot be used'],
    [`${HEAD}ucast eth0\n${NODES}`, 'ha.cf:4: "ucast eth0" must be an interface and one address'],
  ])('is asked for: %j', async (haCf, message) => {
    expect((await refused({ haCf })).join('\n')).toContain(message);
  });

  it('is an IPv4 address, for what EC2 moves goes to it', async () => {
    const haCf = `${HEAD}ucast6 eth0 2001:db8::1\nucast6 eth0 2001:db8::2\n${NODES}`;
    expect((await refused({ haCf }))[0]).toContain(
      'main has the IPv6 address 2001:db8::1, and what EC2 moves',
    );
  });

  it('given for bcast, leaves the bcast line out with the reason', async () => {
    const peers = { main: ['10.0.0.11'], aux: ['10.0.1.12'] };
    const { remarks } = await imported({ haCf: `${HEAD}bcast eth0\n${NODES}`, peers });
    expect(remarks).toContainEqual(
      expect.stringMatching(/^left-out ha.cf:4 "bcast eth0": a VPC carries neither/),
    );
  });

  it('cannot be given to a node that is not there', async () => {
    expect(await refused({ peers: { third: ['10.0.0.1'] } })).toEqual([
      'ha.cf: --peer third: there is no such node; there are main, aux',
    ]);
  });
});

describe('the port', () => {
  const ucast = 'ucast eth0 10.0.0.11\nucast eth0 10.0.1.12\n';

  it.each([
    [`udpport 695\n${ucast}`, 695, 'ha.cf:1 udpport 695'],
    [`${ucast}`, 694, "Heartbeat's port"],
    [`${ucast}udpport 695\n`, 694, "Heartbeat's port"],
  ])('of %j is %i, as Heartbeat took it', async (head, port, comment) => {
    const { file, text, remarks } = await imported({ haCf: `${head}deadtime 30\n${NODES}` });
    expect(file.port).toBe(port);
    expect(text).toContain(comment);
    const isLate = head.endsWith('695\n');
    expect(
      remarks.some((remark) => remark.includes('stands after ucast in line 1, so Heartbeat used 694')),
    ).toBe(isLate);
  });
});

describe('the timings', () => {
  const withTimes = (times: string, haresources = HARESOURCES) =>
    imported({ haCf: `${times}ucast eth0 10.0.0.11\nucast eth0 10.0.1.12\n${NODES}`, haresources });

  it.each([
    [
      'keepalive 500ms\ndeadtime 15\nwarntime 7500ms\n',
      { keepalive: '500ms', warntime: '7.5s', deadtime: '15s' },
      0,
    ],
    ['', { keepalive: '1s', warntime: '15s', deadtime: '30s' }, 0],
    ['keepalive 2\ndeadtime 5\n', { keepalive: '833ms', warntime: '2.5s', deadtime: '5s' }, 1],
    ['keepalive 1\nwarntime 10\ndeadtime 10\n', { keepalive: '1s', warntime: '9.45s', deadtime: '10s' }, 1],
    ['keepalive 100ms\ndeadtime 500ms\n', { keepalive: '83ms', warntime: '250ms', deadtime: '1s' }, 2],
    [
      'deadtime 30\ninitdead 30\n',
      { keepalive: '1s', warntime: '15s', deadtime: '30s', initdead: '30.7s' },
      1,
    ],
  ])('%j become %j', async (times, expected, changes) => {
    const { file, remarks } = await withTimes(times);
    expect(file.timings).toEqual(expected);
    expect(remarks.filter((remark) => / becomes .*: /.test(remark))).toHaveLength(changes);
  });

  it('of a group that must never run twice leave room for its stop', async () => {
    const { file } = await withTimes(
      'deadtime 5\ninitdead 5\n',
      'main 203.0.113.10 Filesystem::/dev/sdb1::/data::ext4\n',
    );
    expect(file.groups.Filesystem.timings).toEqual({ deadtime: '8.1s' });
    expect(file.timings.initdead).toBe('8.3s');
  });

  it.each(['keepalive 2 s', 'deadtime soon', 'warntime 0', 'initdead 100h'])('refuse %j', async (line) => {
    const [message] = await refused({ haCf: `${line}\n${NODES}` });
    expect(message).toMatch(/^ha.cf:1: /);
  });
});

describe('failback', () => {
  it.each([
    ['auto_failback on', 'auto', ''],
    ['auto_failback OFF', 'manual', ''],
    ['auto_failback legacy', 'auto', 'as on'],
    ['nice_failback on', 'manual', ''],
    ['nice_failback off', 'auto', ''],
    ['', 'auto', ''],
  ])('of %j is %s', async (line, failback, remark) => {
    const haCf = `${line}\nucast eth0 10.0.0.11\nucast eth0 10.0.1.12\n${NODES}`;
    const { file, remarks } = await imported({ haCf });
    expect(file.groups.nginx.failback).toBe(failback);
    expect(remarks.join()).toContain(remark);
  });

  it.each(['auto_failback maybe', 'auto_failback on\nnice_failback on'])('refuses %j', async (lines) => {
    expect((await refused({ haCf: `${lines}\n${NODES}` }))[0]).toMatch(/^ha.cf:[12]: "/);
  });
});

describe('ping nodes', () => {
  const withLines = (lines: string) => imported({ haCf: HA_CF + lines });

  it('are taken over with ipfail, a group member by member', async () => {
    const { file, remarks } = await withLines(
      'ping 10.0.0.1 10.0.0.2\nping_group routers 10.0.1.1 10.0.1.2\nrespawn hacluster /usr/lib/heartbeat/ipfail\n',
    );
    expect(file.ping).toEqual([
      { icmp: '10.0.0.1' },
      { icmp: '10.0.0.2' },
      { icmp: '10.0.1.1' },
      { icmp: '10.0.1.2' },
    ]);
    expect(remarks).toContainEqual(expect.stringContaining('each member counts by itself'));
  });

  it('are left out without ipfail, which did nothing with them, and by name', async () => {
    const without = await withLines('ping 10.0.0.1\n');
    expect(without.file.ping).toBeUndefined();
    expect(without.remarks).toContainEqual(
      expect.stringMatching(/^left-out ha.cf:10 ping node "10.0.0.1": without ipfail/),
    );
    const named = await withLines('ping gateway\nrespawn hacluster ipfail\n');
    expect(named.file.ping).toBeUndefined();
    expect(named.remarks).toContainEqual(expect.stringContaining('ping node "gateway": is no IP address'));
  });

  it('are at most nine', async () => {
    const addresses = Array.from({ length: 10 }, (_, index) => `10.0.0.${index + 1}`);
    const { file, remarks } = await withLines(`ping ${addresses.join(' ')}\nrespawn hacluster ipfail\n`);
    expect(file.ping).toHaveLength(9);
    expect(remarks).toContainEqual(expect.stringContaining('ping node "10.0.0.10": there may be 9'));
  });

  it('are nothing to ipfail alone, and other programs are left to systemd', async () => {
    const { remarks } = await withLines('respawn hacluster ipfail\nrespawn root /usr/bin/dopd -v\n');
    expect(remarks).toContain('left-out ha.cf:10 "respawn hacluster ipfail": there are no ping nodes');
    expect(remarks).toContain(
      'left-out ha.cf:11 "respawn root /usr/bin/dopd -v": make a systemd unit of the program',
    );
  });
});

describe('the rest of ha.cf', () => {
  it('is refused where Pacemaker has the resources', async () => {
    for (const word of ['on', 'yes', 'respawn']) {
      expect((await refused({ haCf: `${HA_CF}crm ${word}\n` }))[0]).toContain(
        'the resources are in Pacemaker',
      );
    }
    await imported({ haCf: `${HA_CF}crm off\npacemaker no\n` });
  });

  it('has its debug level and its cluster carried over', async () => {
    const { file } = await imported({
      haCf: `${HA_CF}debug 1\ncluster web front\n`.replace('web front', 'web.front'),
    });
    expect(file).toMatchObject({ log: { level: 'debug' }, cluster: 'web-front' });
    expect((await imported({ haCf: `${HA_CF}debug 0\n`, cluster: 'shop' })).file).toMatchObject({
      cluster: 'shop',
    });
  });

  it.each([
    [`${HEAD}node main\n`, 'ha.cf: names only one node'],
    [HEAD, 'ha.cf: names no node'],
    [`${NODES}node MAIN\n`, 'ha.cf:2: node "main" is named in line 1 already'],
    [`udpport 70000\n${NODES}`, 'ha.cf:1: "udpport 70000" is no port'],
    [`ping_group routers\n${NODES}`, 'must be a name and addresses'],
    [`respawn hacluster\n${NODES}`, 'must be a user and a program'],
    [`crm perhaps\n${NODES}`, 'must be off, on or respawn'],
  ])('is refused: %j', async (haCf, message) => {
    expect((await refused({ haCf })).join('\n')).toContain(message);
  });

  it('may not differ from node to node but in ucast', async () => {
    const other = HA_CF.replace('deadtime 30', 'deadtime 20').replace('keepalive', 'logfile /a\nkeepalive');
    expect(await refused({ owner: 'main', others: { aux: other } })).toEqual([
      'aux/ha.cf:3: the files of the nodes differ: "deadtime 30" (main/ha.cf:2) and "deadtime 20" (aux/ha.cf:3); make them the same',
    ]);
  });

  it('is listed for each node where only one has a line', async () => {
    const { remarks } = await imported({
      haCf: `logfile /a\n${HA_CF}`,
      owner: 'main',
      others: { aux: `logfile /a\nwatchdog /dev/watchdog\n${HA_CF}` },
    });
    expect(remarks.filter((remark) => remark.includes('logfile'))).toHaveLength(1);
    expect(remarks).toContainEqual(expect.stringMatching(/^left-out aux\/ha.cf:2 "watchdog /));
  });

  it('is read to its end with haresources and authkeys, so that all is refused at once', async () => {
    const lines = await refused({ haCf: 'keepalive x\n', haresources: 'main\n', authkeys: 'auth\n' });
    expect(lines.map((line) => line.split(':')[0])).toEqual(['ha.cf', 'ha.cf', 'haresources', 'authkeys']);
  });
});
