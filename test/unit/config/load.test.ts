import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.ts';
import { addressLabel, groupResources, placeOn } from '../../../src/config/configuration.ts';
import { loadConfiguration, parseConfiguration } from '../../../src/config/load.ts';
import { RESOURCE_TYPES } from '../../../src/config/resources-schema.ts';
import { toCoreConfig } from '../../../src/config/to-core.ts';
import { changed, configuration, GOOD, refusalOf } from './configuration-fixture.ts';

describe('a good configuration', () => {
  it('fills in what was left out', () => {
    const { file, witnessPrefix } = configuration();
    expect(witnessPrefix).toBe('/eipkeeper/web');
    expect(file).toMatchObject({
      profile: 'default',
      port: 9694,
      stateDirectory: '/var/lib/eipkeeper',
      socket: { path: '/run/eipkeeper/eipkeeper.sock' },
      log: { level: 'info' },
      groups: {
        web: { kind: 'address', failback: { mode: 'auto', afterMs: 5_000 }, standbyServices: 'stopped' },
      },
    });
  });

  it('becomes what the core needs', () => {
    expect(toCoreConfig(configuration(), 'aux')).toEqual({
      self: 'aux',
      nodes: ['main', 'aux'],
      keepaliveMs: 100,
      initdeadMs: 10_000,
      groups: [
        {
          name: 'web',
          kind: 'address',
          nodes: ['main', 'aux'],
          failback: { mode: 'auto', afterMs: 5_000 },
          standbyServices: 'stopped',
          timings: {
            warntimeMs: 300,
            deadtimeMs: 1_000,
            leaseMs: 3_000,
            witnessTimeoutMs: 400,
            stopTimeoutMs: 5_000,
          },
          restarts: [{ attempts: 2, withinMs: 60_000, forgetMs: 60_000 }],
        },
      ],
    });
  });

  it('lets a group have several addresses, each with a private address of its own', () => {
    const second =
      '      - elastic-ip: { publicIp: 203.0.113.9, privateAddress: { main: 10.0.0.21, aux: 10.0.0.22 } }';
    const web = configuration(changed('      - nginx', `${second}\n      - nginx`)).file.groups.web!;
    expect(groupResources(web).addresses.map(addressLabel)).toEqual(['eipalloc-0abc', '203.0.113.9']);
  });

  it('makes a group with a local address exclusive, unless two copies are said to do no harm', () => {
    const kindOf = (settings: string) => {
      const local = `      - local-ip: { address: 192.168.7.50, netmask: 255.255.252.0${settings} }\n      - nginx`;
      const { web } = configuration(changed('      - nginx', local)).file.groups;
      return [web?.kind, groupResources(web!).services[0]?.parameters];
    };
    expect(kindOf('')).toMatchObject(['exclusive', { prefix: 22 }]);
    expect(kindOf(', exclusive: false')).toMatchObject(['address', { prefix: 22 }]);
  });

  it('gives a private address to the operating system when that is asked for', () => {
    const moving = '      - private-ip: { address: 10.0.0.50, configure: true }\n      - nginx';
    const web = configuration(changed('      - nginx', moving)).file.groups.web!;
    expect(web.kind).toBe('address');
    expect(groupResources(web).services.map(({ type }) => type)).toEqual(['local-ip', 'nginx']);
  });

  it('keeps the Elastic IP apart from the services, wherever it is written', () => {
    const web = configuration().file.groups.web!;
    const { addresses, services } = groupResources(web);
    expect(addresses.map(addressLabel)).toEqual(['eipalloc-0abc']);
    expect(services.map((service) => service.type)).toEqual(['nginx']);
  });

  it.each([
    ['', '10.0.0.12'],
    [', privateAddress: 10.0.0.99', '10.0.0.99'],
    [', privateAddress: { aux: 10.0.0.88 }', '10.0.0.88'],
    [', privateAddress: { main: 10.0.0.88 }', '10.0.0.12'],
  ])('puts the Elastic IP%s on %s of aux', (setting, address) => {
    const { file } = configuration(
      changed('allocationId: eipalloc-0abc', `allocationId: eipalloc-0abc${setting}`),
    );
    const [elasticIp] = groupResources(file.groups.web!).addresses;
    expect(placeOn(elasticIp!, 'aux', file)).toBe(address);
  });

  it.each([
    ['on', 'auto'],
    ['true', 'auto'],
    ['auto', 'auto'],
    ['off', 'manual'],
    ['no', null],
    ['manual', 'manual'],
    ['{ mode: manual }', 'manual'],
  ])('reads failback: %s as %s', (word, mode) => {
    const text = changed('    nodes: [main', `    failback: ${word}\n    nodes: [main`);
    if (mode === null) expect(refusalOf(text)).toEqual([expect.stringContaining('must be auto, manual or')]);
    else expect(configuration(text).file.groups.web?.failback.mode).toBe(mode);
  });

  it('makes a group exclusive whose resource must never run twice', () => {
    const text = changed('- nginx: {', '- systemd: { unit: app, exclusive: true }\n      - nginx: {');
    expect(configuration(text).file.groups.web?.kind).toBe('exclusive');
    expect(configuration(text).timings.groups.web?.deadtimeMs).toBe(7_000);
    const agent = changed('- nginx: {', '- ocf: { agent: "heartbeat:Dummy" }\n      - nginx: {');
    expect(configuration(agent).file.groups.web?.kind).toBe('exclusive');
    const harmless = agent.replace('Dummy"', 'Dummy", exclusive: false');
    expect(configuration(harmless).file.groups.web?.kind).toBe('address');
  });

  it.each([
    ['warm in both', ', standbyServices: warm', '[aux, main]'],
    ['on other nodes', '', '[spare]'],
  ])('may have one service in two groups, %s', (_, warm, nodes) => {
    const address = '{ publicIp: 203.0.113.9, privateAddress: { main: 10.0.0.21, aux: 10.0.0.22 } }';
    const api = `groups:\n  api: { nodes: ${nodes}${warm}, resources: [nginx: {}, elastic-ip: ${address}] }`;
    const text = changed('    nodes: [main', `${warm.replace(', ', '    ')}\n    nodes: [main`)
      .replace('groups:', api)
      .replace('  aux:', '  spare: { address: 10.0.0.13 }\n  aux:');
    expect(Object.keys(configuration(text).file.groups)).toEqual(['api', 'web']);
  });

  it('may use anchors and aliases', () => {
    const text = changed('[main, aux]', '&all [main, aux]').concat(
      '  api:\n    nodes: *all\n    resources: [{ elastic-ip: { publicIp: 203.0.113.9, privateAddress: 10.0.0.99 } }]\n',
    );
    expect(configuration(text).file.groups.api?.nodes).toEqual(['main', 'aux']);
  });
});

describe('a wrong configuration', () => {
  it.each([
    [
      'a key typed wrong',
      'cluster:',
      'clutser:',
      [
        ':1: cluster: is missing; must be a name',
        ':1: clutser: there is no such setting; did you mean cluster?',
      ],
    ],
    [
      'a key of another place',
      'address: 10.0.0.12',
      'address: 10.0.0.12, deadtime: 1s',
      [
        ':5: nodes.aux.deadtime: there is no such setting; there are address, addresses, port, instanceId, hostname',
      ],
    ],
    [
      'a key typed wrong deep in a resource',
      'health: {',
      'helth: {',
      [':11: groups.web.resources[1].nginx.helth: there is no such setting; did you mean health?'],
    ],
    [
      'a resource that does not exist',
      '- nginx: {',
      '- ngnix: {',
      [
        ':11: groups.web.resources[1].ngnix: there is no such setting; did you mean nginx?',
        `:11: groups.web.resources[1]: must be one of ${RESOURCE_TYPES.join(', ')}`,
      ],
    ],
    [
      'a text for settings',
      'address: 10.0.0.12 }',
      '}',
      [':5: nodes.aux: needs address, or addresses with one for each path'],
    ],
    [
      'a name for an address',
      '10.0.0.12',
      'aux.internal',
      [
        ':5: nodes.aux.address: must be an IP address or the word registered, not a name: heartbeats must not depend on DNS',
      ],
    ],
    [
      'one address for two nodes',
      '10.0.0.12',
      '10.0.0.11',
      [':5: nodes.aux.address: 10.0.0.11 already belongs to main'],
    ],
    [
      'one instance for two nodes',
      '10.0.0.12',
      '10.0.0.12, instanceId: i-0aa1',
      [':5: nodes.aux.instanceId: i-0aa1 already belongs to main'],
    ],
    [
      'a group that names an unknown node',
      '[main, aux]',
      '[main, axu]',
      [':8: groups.web.nodes[1]: there is no node axu; did you mean aux?'],
    ],
    ['a node named twice', '[main, aux]', '[main, main]', [':8: groups.web.nodes[1]: main is named twice']],
    [
      'a list that is a text',
      '[main, aux]',
      'main',
      [':8: groups.web.nodes: must be a list of nodes, like [main, aux]'],
    ],
    ['a group without nodes', '[main, aux]', '[]', [':8: groups.web.nodes: must name at least one node']],
    [
      'one node alone',
      '  aux: { address: 10.0.0.12 }\n',
      '',
      [
        ':3: nodes: has 1 node; a cluster has at least two',
        ':7: groups.web.nodes[1]: there is no node aux; there are main',
      ],
    ],
    [
      'paths of different number',
      'address: 10.0.0.12',
      'addresses: [10.0.0.12, 10.1.0.12]',
      [
        ':5: nodes.aux: has 2 addresses but main has 1: every node needs one for each path, in the same order',
      ],
    ],
    [
      'a group without an address',
      '      - elastic-ip: { allocationId: eipalloc-0abc }\n',
      '',
      [
        ':9: groups.web.resources: has no elastic-ip and no private-ip: add "- elastic-ip: { allocationId: eipalloc-… }"',
      ],
    ],
    [
      'two addresses of a group for one private address',
      '      - nginx',
      '      - elastic-ip: { publicIp: 203.0.113.9 }\n      - nginx',
      [
        ':11: groups.web.resources[1]: goes to 10.0.0.11 of main, as resources[0] does, and EC2 keeps only one Elastic IP on a private address: give each a privateAddress of its own',
      ],
    ],
    [
      'an address twice in a group',
      '      - nginx',
      '      - elastic-ip: { allocationId: eipalloc-0abc, privateAddress: 10.0.0.99 }\n      - nginx',
      [
        ':11: groups.web.resources[1].elastic-ip.allocationId: eipalloc-0abc is written twice: resources[0] has it already',
      ],
    ],
    [
      'a private address in two groups',
      '      - nginx',
      '      - private-ip: { address: 10.0.0.50 }\n  api: { nodes: [aux], resources: [{ private-ip: { address: 10.0.0.50 } }] }\n  other:\n    nodes: [main]\n    resources:\n      - private-ip: { address: 10.0.0.51 }\n      - nginx',
      [':12: groups.api.resources[0].private-ip.address: 10.0.0.50 already belongs to the group web'],
    ],
    [
      'a private address that a node keeps',
      '      - nginx',
      '      - private-ip: { address: 10.0.0.12, interfaceAddress: { third: 10.0.0.13 } }\n      - nginx',
      [
        ':10: groups.web.resources[0]: goes to 10.0.0.12, which is a private-ip: EC2 moves an Elastic IP along with it, so leave this resource out',
        ':11: groups.web.resources[1].private-ip.interfaceAddress.third: there is no node third',
        ':11: groups.web.resources[1].private-ip.address: 10.0.0.12 is an address of aux, which stays with it: take one that no node is written with',
      ],
    ],
    [
      'an Elastic IP on a private address that moves',
      'allocationId: eipalloc-0abc }',
      'allocationId: eipalloc-0abc, privateAddress: 10.0.0.50 }\n      - private-ip: { address: 10.0.0.50 }',
      [
        ':10: groups.web.resources[0]: goes to 10.0.0.50, which is a private-ip: EC2 moves an Elastic IP along with it, so leave this resource out',
      ],
    ],
    [
      'a local address in an address group',
      '      - nginx',
      '      - local-ip: { address: 192.168.7.50, netmask: 255.0.255.0 }\n      - nginx',
      [':11: groups.web.resources[1].local-ip.netmask: is no netmask, like 255.255.255.0'],
    ],
    [
      'one address in two groups',
      '  web:\n',
      '  api: { nodes: [aux], resources: [{ elastic-ip: { allocationId: eipalloc-0abc, privateAddress: 10.0.0.99 } }] }\n  web:\n',
      [
        ':11: groups.web.resources[0].elastic-ip.allocationId: eipalloc-0abc already belongs to the group api',
      ],
    ],
    [
      'the addresses of two groups for one private address of a node that has both',
      '  web:\n',
      '  api: { nodes: [aux], resources: [{ elastic-ip: { publicIp: 203.0.113.9 } }] }\n  web:\n',
      [
        ':11: groups.web.resources[0]: goes to 10.0.0.12 of aux, as the one of the group api does, and EC2 keeps only one Elastic IP on a private address: give each a privateAddress of its own',
      ],
    ],
    [
      'an address named in two ways',
      'allocationId: eipalloc-0abc',
      'allocationId: eipalloc-0abc, publicIp: 203.0.113.9',
      [':10: groups.web.resources[0].elastic-ip: needs allocationId or publicIp, exactly one of the two'],
    ],
    [
      'two resources in one entry',
      'eipalloc-0abc }',
      'eipalloc-0abc }\n        exec: { run: [/bin/x] }',
      [':10: groups.web.resources[0]: has elastic-ip and exec in one entry: give each its own "- "'],
    ],
    [
      'a command for a shell',
      '- nginx: { health: { url: "http://127.0.0.1/health" } }',
      '- exec: { run: "/bin/x --y" }',
      [
        ':11: groups.web.resources[1].exec.run: write the program and its arguments as a list, ["/usr/bin/prog", "argument"]: no shell reads it',
      ],
    ],
    [
      'a program found by PATH',
      '- nginx: { health: { url: "http://127.0.0.1/health" } }',
      '- exec: { run: [prog] }',
      [
        ':11: groups.web.resources[1].exec.run[0]: the program must be an absolute path: a service does not share your PATH',
      ],
    ],
    [
      'a start without a stop',
      '- nginx: { health: { url: "http://127.0.0.1/health" } }',
      '- exec: { start: [/bin/x] }',
      [':11: groups.web.resources[1].exec: needs stop and monitor as well'],
    ],
    [
      'a bare number for a duration',
      'groups:',
      'timings: { keepalive: 2 }\ngroups:',
      [':6: timings.keepalive: 2 has no unit: write the unit, 2ms or 2s'],
    ],
    [
      'no duration',
      'groups:',
      'timings: { keepalive: soon }\ngroups:',
      [':6: timings.keepalive: "soon" is no duration: write a number and its unit, like 500ms, 1s, 2m or 1h'],
    ],
    ['a number for a text', 'cluster: web', 'cluster: 5', [':1: cluster: must be a name']],
    [
      'a choice typed wrong',
      'groups:',
      'profile: fats\ngroups:',
      [':6: profile: must be one of default, fast, turbo, not "fats"; did you mean fast?'],
    ],
    [
      'a key in two places',
      'file: /etc/eipkeeper/key',
      'file: /etc/eipkeeper/key, env: EIPKEEPER_KEY',
      [':2: key: needs exactly one of file, ssm and env'],
    ],
    [
      'a port that is none',
      'groups:',
      'port: 70000\ngroups:',
      [':6: port: must be at most 65535, not 70000'],
    ],
    [
      'a name that a path would read',
      '  aux: {',
      '  "../aux": {',
      [
        ':5: nodes.../aux: is no name: begin with a letter or a digit, at most 63 letters, digits, "-" and "_"',
        ':8: groups.web.nodes[1]: there is no node aux; there are main, ../aux',
      ],
    ],
    [
      'a key given twice',
      'groups:',
      'cluster: other\ngroups:',
      [':6: this key was already given: keep one of the two'],
    ],
    [
      'a warm standby of what must never run twice',
      '    nodes:',
      '    kind: exclusive\n    standbyServices: warm\n    nodes:',
      [
        ':9: groups.web.standbyServices: an exclusive group must never run twice, so its standby cannot be warm: write stopped',
      ],
    ],
    [
      'a resource that must never run twice in an address group',
      '    nodes: [main, aux]\n    resources:',
      '    nodes: [main, aux]\n    kind: address\n    resources:\n      - systemd: { unit: app, exclusive: true }',
      [
        ':9: groups.web.kind: resources[0] (systemd) must never run twice, which an address group does not promise: leave kind out, or write "exclusive: false" there if two copies do no harm',
      ],
    ],
    [
      'one unit under its two names',
      '- nginx: {',
      '- systemd: { unit: app }\n      - systemd: { unit: app.service }\n      - nginx: {',
      [':12: groups.web.resources[2]: is the same service as resources[1]'],
    ],
    [
      'a service of two groups that would stop it for each other',
      'groups:',
      'groups:\n  api:\n    nodes: [aux, main]\n    resources:\n      - elastic-ip: { publicIp: 203.0.113.9, privateAddress: { main: 10.0.0.21, aux: 10.0.0.22 } }\n      - nginx: { config: /etc/nginx/nginx.conf }',
      [
        ':16: groups.web.resources[1]: is a service of the group api too, and each would stop it under the address of the other: write standbyServices: warm in both',
      ],
    ],
    [
      'two agents of one name',
      '- nginx: {',
      '- ocf: { agent: "ocf:heartbeat:Dummy" }\n      - ocf: { agent: "heartbeat:Dummy" }\n      - nginx: {',
      [':12: groups.web.resources[2]: is the same service as resources[1]: give each its own name'],
    ],
    [
      'an agent without a provider',
      '- nginx: { health: { url: "http://127.0.0.1/health" } }',
      '- ocf: { agent: Dummy, parameters: { list: [1] } }',
      [
        ':11: groups.web.resources[1].ocf.agent: must be ocf:<provider>:<agent>, like ocf:heartbeat:Filesystem',
        ':11: groups.web.resources[1].ocf.parameters.list: must be text, a number, true or false',
      ],
    ],
    [
      'an init script that leads out of its folder',
      '- nginx: { health: { url: "http://127.0.0.1/health" } }',
      '- lsb: { script: ../app }',
      [
        ':11: groups.web.resources[1].lsb.script: must be the name of a script in /etc/init.d, or an absolute path',
      ],
    ],
    [
      'a template for a unit',
      '- nginx: { health: { url: "http://127.0.0.1/health" } }',
      '- systemd: { unit: app@ }',
      [':11: groups.web.resources[1].systemd.unit: is a template: name an instance of it, app@1.service'],
    ],
    [
      'a failback that is misspelled inside',
      '    nodes:',
      '    failback: { mode: auto, afer: 3s }\n    nodes:',
      [':8: groups.web.failback.afer: there is no such setting; did you mean after?'],
    ],
    [
      'SSM’s own prefix',
      'groups:',
      'witness: { ssm: { prefix: /aws/web } }\ngroups:',
      [':6: witness.ssm.prefix: must not begin with /aws or /ssm: SSM keeps those for itself'],
    ],
  ])('with %s is refused at its line', (_, from, to, lines) => {
    expect(refusalOf(changed(from, to))).toEqual(lines.map((line) => `eipkeeper.yaml${line}`));
  });

  it('is refused with everything that is wrong, in the order of the file', () => {
    const text = changed('10.0.0.12', '10.0.0.11')
      .replace('cluster: web', 'cluster: web/site')
      .replace('[main, aux]', '[mian]');
    expect(refusalOf(text).map((line) => line.split(':')[1])).toEqual(['1', '5', '8']);
  });

  it('never lets a key named __proto__ through', () => {
    expect(refusalOf(changed('  aux:', '  __proto__:')).join('\n')).toContain('__proto__');
    expect(({} as { address?: string }).address).toBeUndefined();
  });
});

describe('what is no configuration', () => {
  it.each([
    ['an empty file', '', 'is empty'],
    ['nothing but a comment', '# later\n', 'is empty'],
    ['a word', 'hello', 'expected settings like "cluster: web"'],
    ['a list', '- a\n- b\n', 'expected settings like "cluster: web"'],
    ['bytes that are no text', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0x00, 0xff]), 'is not a text file'],
    ['text with a zero byte', 'cluster: a\0b', 'is not a text file'],
    ['broken YAML', 'cluster: [web', ':1: is no YAML'],
    ['two documents', `${GOOD}---\n${GOOD}`, 'is no YAML'],
    ['an unknown tag', 'cluster: !!js/function web', 'is no YAML'],
    ['an anchor that is not there', 'cluster: *nowhere', 'nowhere'],
    ['a billion laughs', bomb(), 'aliases'],
    ['an endless nest of brackets', '['.repeat(100_000), 'nested deeper'],
    ['an endless nest of lists', `${'- '.repeat(50_000)}x`, 'nested deeper'],
    [
      'an endless nest of lines',
      Array.from({ length: 500 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      'nested deeper',
    ],
    ['more than 256 KB', `# ${'x'.repeat(257 * 1024)}`, 'at most 262144'],
  ])('%s is refused', (_, text, reason) => {
    expect(refusalOf(text).join('\n')).toContain(reason);
  });

  it('is refused with a ConfigError whatever the bytes are', () => {
    const bytes = Buffer.from(GOOD);
    fc.assert(
      fc.property(
        fc.nat(bytes.length - 1),
        fc.uint8Array({ maxLength: 12 }),
        fc.nat(20),
        (at, insert, cut) => {
          const mutated = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + cut)]);
          try {
            parseConfiguration(mutated, 'eipkeeper.yaml');
          } catch (error) {
            expect(error).toBeInstanceOf(ConfigError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the source', () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eipkeeper-config-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('may be a file', async () => {
    const path = join(directory, 'eipkeeper.yaml');
    await writeFile(path, GOOD);
    expect((await loadConfiguration({ source: path })).file.cluster).toBe('web');
  });

  it('may be a parameter, which is read decrypted', async () => {
    const asked: unknown[] = [];
    const readParameter = async (name: string, options: { readonly decrypt: boolean }) => {
      asked.push([name, options]);
      return GOOD;
    };
    const { source } = await loadConfiguration({ source: 'ssm:/eipkeeper/web/config', readParameter });
    expect(source).toBe('ssm:/eipkeeper/web/config');
    expect(asked).toEqual([['/eipkeeper/web/config', { decrypt: true }]]);
  });

  it('says which permission is missing when the parameter cannot be read', async () => {
    const readParameter = () => Promise.reject(new Error('AccessDeniedException'));
    await expect(loadConfiguration({ source: 'ssm:/a/b', readParameter })).rejects.toMatchObject({
      code: 'CONFIG_UNAVAILABLE',
      message: expect.stringMatching(/^ssm:\/a\/b: .*AccessDeniedException.*ssm:GetParameter/),
    });
  });

  it.each([
    ['a file that is not there', async (path: string) => path, 'there is no such file'],
    [
      'a directory',
      async (path: string) => {
        await mkdir(path);
        return path;
      },
      'is a directory',
    ],
    [
      'a path through a file',
      async (path: string) => {
        await writeFile(path, '');
        return join(path, 'x');
      },
      'part of this path is a file',
    ],
    ['a device', async () => '/dev/zero', 'is not a regular file'],
  ])('cannot be %s', async (_, make, reason) => {
    const source = await make(join(directory, 'eipkeeper.yaml'));
    await expect(loadConfiguration({ source })).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
      message: `${source}: ${reason}`.concat(
        reason === 'there is no such file'
          ? ': write it, or name another with --config'
          : reason === 'is a directory'
            ? ': name the file'
            : reason.startsWith('part')
              ? ', not a directory'
              : '',
      ),
    });
  });
});

/** Nine lines that would unfold into a billion words. */
function bomb(): string {
  const lines = ['a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]'];
  for (let level = 1; level < 10; level++) {
    lines.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    );
  }
  return lines.join('\n');
}
