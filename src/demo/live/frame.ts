import type { LogLine } from '../cluster/demo-machine.ts';
import { type Colour, type Line, ms, number, type Span, times, tinted } from '../style.ts';
import type { DemoFacts, NodeFacts } from './facts.ts';

/** Below this many rows the logs get shorter, and nothing else does. */
const LOG_LINES_MAX = 6;
const KEYS: readonly [string, string][] = [
  ['k', 'kill leader'],
  ['r', 'bring back'],
  ['p', 'cut heartbeats'],
  ['f', 'force failover'],
  ['q', 'quit'],
];

/** The whole picture, at most `rows` lines. `message`: what the last key did. */
export function frame(
  facts: DemoFacts,
  options: { readonly message: string; readonly rows: number },
): Line[] {
  const head = [
    [tinted('bold', 'eipkeeper demo'), `   profile ${facts.profile}   ${clock(facts.elapsedMs)}`],
    [],
    addressLine(facts),
    clientLine(facts),
    [label(''), ...stripSpans(facts)],
    [label('last change'), facts.lastChange === '' ? 'none yet' : facts.lastChange],
    [],
    ...facts.nodes.map((node) => nodeLine(node, facts)),
    [
      label('heartbeats'),
      facts.isCut ? tinted('yellow', 'the path is cut (p mends it)') : 'the path is whole',
    ],
    [],
  ];
  const foot = [[], keysLine(facts), [tinted('yellow', options.message)]];
  const room = Math.floor((options.rows - head.length - foot.length) / facts.nodes.length);
  const logs = facts.nodes.flatMap((node) => logLines(node, Math.max(1, Math.min(LOG_LINES_MAX, room))));
  return [...head, ...logs, ...foot].slice(0, options.rows);
}

export const colourOf = (node: string): Colour => (node === 'main' ? 'green' : 'cyan');

const named = (node: string): Span => tinted(colourOf(node), node);
const label = (text: string): Span => tinted('dim', text.padEnd(13));

function addressLine({ publicIp, holder, moves }: DemoFacts): Line {
  const where = holder === '' ? tinted('yellow', 'no node yet') : named(holder);
  return [
    label('address'),
    `${publicIp} on `,
    where,
    moves === 0 ? ', not moved yet' : `, moved ${times(moves)}`,
  ];
}

function clientLine({ answeredBy, client }: DemoFacts): Line {
  const who = answeredBy === null ? tinted('red', 'nobody') : named(answeredBy);
  const failed = `${number(client.failed)} failed`;
  return [
    label('client'),
    who,
    ` answers; ${number(client.requests)} requests, `,
    client.failed === 0 ? failed : tinted('red', failed),
    `, longest gap ${ms(client.longestGapMs)}`,
  ];
}

/** m and a for the nodes' answers, x for failures: readable without colours. */
function stripSpans({ strip }: DemoFacts): Span[] {
  return strip.map((who) => {
    if (who === null) return ' ';
    return who === '' ? tinted('red', 'x') : tinted(colourOf(who), who.slice(0, 1));
  });
}

function nodeLine(node: NodeFacts, { term }: DemoFacts): Line {
  const name = tinted(colourOf(node.name), node.name.padEnd(13));
  if (node.isDead) return [name, tinted('red', 'DEAD'), '     power off (r brings it back)'];
  if (node.daemonPid === null) return [name, tinted('red', 'no daemon')];
  const role = node.role === 'leading' ? tinted('bold', 'LEADER') : node.role || 'starting';
  const words = typeof role === 'string' ? role : role.text;
  const linked = node.link?.state === 'up';
  const rtt = node.link?.rttMs == null ? '' : ` (${node.link.rttMs.toFixed(1)} ms)`;
  const link = linked ? `hears its peer${rtt}` : 'does not hear its peer';
  return [
    name,
    role,
    ' '.repeat(Math.max(1, 9 - words.length)),
    node.role === 'leading' ? `term ${term}, ` : '',
    linked ? link : tinted('yellow', link),
    `, web ${node.service || 'unknown'}, pid ${node.daemonPid}`,
  ];
}

function logLines({ name, lines }: NodeFacts, room: number): Line[] {
  const newest = lines.slice(-room);
  const rows = newest.map((line, index): Line => {
    const who = index === 0 ? tinted(colourOf(name), name.padEnd(6)) : ' '.repeat(6);
    return [who, tinted('dim', `${line.time} `), worded(line)];
  });
  // The same height at all times: a picture that jumps cannot be read.
  return [...rows, ...new Array<Line>(room - rows.length).fill([])];
}

const worded = ({ severity, text }: LogLine): Span => {
  if (severity === 'info') return text;
  return tinted(severity === 'error' ? 'red' : 'yellow', text);
};

function keysLine({ isCut }: DemoFacts): Line {
  return KEYS.flatMap(([key, does]) => [
    tinted('bold', key),
    ` ${key === 'p' && isCut ? 'mend heartbeats' : does}   `,
  ]);
}

function clock(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
