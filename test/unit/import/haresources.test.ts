import { describe, expect, it } from 'vitest';
import { parseHaresources } from '../../../src/import/haresources.ts';
import { refusalOf, text } from './parse-support.ts';

const groups = (content: string) => parseHaresources(text(content, 'haresources'));
const refusal = (content: string) => refusalOf(() => groups(content));

describe('haresources', () => {
  it('has a group in each line, which a backslash continues', () => {
    const [first, second, ...more] = groups(
      '# comment\nDIR0 \\\n\tIPaddr2::192.0.2.5/24/eth0/192.0.2.255 \\\n haproxy\n\ndir1\t10.0.0.9 drbd::r0::x # end\n',
    );
    expect(more).toEqual([]);
    expect(first).toMatchObject({ node: 'dir0', place: { line: 2 } });
    expect(first?.resources).toEqual([
      {
        place: { file: 'haresources', line: 3 },
        text: 'IPaddr2::192.0.2.5/24/eth0/192.0.2.255',
        script: 'IPaddr2',
        args: ['192.0.2.5/24/eth0/192.0.2.255'],
      },
      { place: { file: 'haresources', line: 4 }, text: 'haproxy', script: 'haproxy', args: [] },
    ]);
    expect(second?.resources).toMatchObject([
      { script: 'IPaddr', args: ['10.0.0.9'] },
      { script: 'drbd', args: ['r0', 'x'] },
    ]);
  });

  it('puts nothing between two lines that a backslash joins, as Heartbeat', () => {
    expect(groups('main ngi\\\nnx').at(0)?.resources).toMatchObject([
      { script: 'nginx', place: { line: 1 } },
    ]);
  });

  it('cuts a comment off before it joins lines', () => {
    expect(refusal('main nginx # \\\n10.0.0.5')).toEqual([
      'haresources:2: "10.0.0.5" stands alone: a line is a node and its resources',
    ]);
  });

  it.each([
    ['main', 'haresources:1: "main" stands alone'],
    ['main nginx \\ \nhaproxy', 'haresources:1: has a blank after its backslash'],
    ['main nginx \\', 'haresources:1: ends in a backslash, and no line follows'],
    ['main "nginx"', 'haresources:1: "\\"nginx\\"" has a quote'],
    ['main nginx nginx', 'haresources:1: "nginx" is in this group twice'],
    ['main \\\n nginx:\n', 'haresources:2: "nginx:" is neither an address nor the name of a script'],
    ['main drbd::', 'haresources:1: "drbd::" has an empty argument'],
    ['main IPaddr::10.0.0', 'haresources:1: "IPaddr::10.0.0" holds no IPv4 address'],
    ['main 10.0.0.999/24', 'haresources:1: "10.0.0.999/24" holds no IPv4 address'],
    ['main IPaddr::10.0.0.1::x', 'haresources:1: "IPaddr::10.0.0.1::x" has more than one argument'],
    ['main 10.0.0.1::x', 'haresources:1: "10.0.0.1::x" holds no IPv4 address'],
    ['a nginx\nb nginx', 'haresources:2: "nginx" begins the group of line 1 too'],
  ])('refuses %j', (content, message) => {
    expect(refusal(content).join('\n')).toContain(message);
  });
});
