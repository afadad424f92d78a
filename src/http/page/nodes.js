/** The nodes, and the links of the one that was asked, with their round trips of the last minutes. */
import { h, svg } from './draw.js';
import { mark } from './groups.js';
import { ago, duration, percent } from './words.js';

const STATES = {
  online: ['leads', 'online'],
  offline: ['not', 'offline'],
  standby: ['idle', 'standby'],
  starting: ['busy', 'starting'],
  leaving: ['busy', 'leaving'],
};
const LINKS = { up: ['leads', 'up'], dead: ['not', 'dead'], never: ['not', 'never heard'] };
const SAMPLES = 90;
/** Only who starts, claims or leads goes on measuring: an older one is none of now. */
const RTT_RECENT_MS = 10_000;
const recentRttMs = ({ rttMs, rttMsAgo }) => (rttMsAgo > RTT_RECENT_MS ? null : rttMs);

const samples = new Map();

/** To be called with every status, so that a gap in the line is a gap in what was heard. */
export function remember(status) {
  for (const { name, links } of status.nodes) {
    for (const link of links) {
      const key = `${name}/${link.path}`;
      const known = samples.get(key) ?? [];
      known.push(link.state === 'up' ? recentRttMs(link) : null);
      samples.set(key, known.slice(-SAMPLES));
    }
  }
}

export function drawNodes(status) {
  const nodes = status.nodes.map((node) => {
    const [kind, word] = STATES[node.state];
    return h(
      'li',
      { 'data-key': node.name },
      h('span', { class: 'name' }, node.name),
      mark(kind, word),
      h(
        'div',
        { class: 'links' },
        node.self
          ? h('span', { class: 'quiet' }, 'this node was asked')
          : node.links.map((link) => drawLink(node.name, link)),
      ),
    );
  });
  const { state, reason } = status.witness;
  const witness = {
    up: ['leads', 'answers'],
    down: ['not', 'does not answer'],
    unknown: ['idle', 'not asked yet'],
  }[state];
  return [
    h(
      'ul',
      { class: 'rows nodes' },
      nodes,
      h(
        'li',
        { 'data-key': ' witness' },
        h('span', { class: 'name' }, 'witness'),
        mark(...witness),
        h('div', { class: 'links' }, h('span', { class: 'quiet' }, reason || 'SSM Parameter Store')),
      ),
    ),
  ];
}

function drawLink(name, link) {
  const { path, address, state, lastHeardMsAgo, problem, received, lost } = link;
  const rttMs = recentRttMs(link);
  const [kind, word] = LINKS[state];
  const share = received + lost === 0 ? 0 : lost / (received + lost);
  const words = [
    rttMs === null ? 'no round trip lately' : `${duration(rttMs)} there and back`,
    state === 'up' || lastHeardMsAgo === null ? '' : `heard ${ago(lastHeardMsAgo)}`,
    // What comes no more is not counted as lost.
    state === 'up' ? `${percent(share)} lost` : '',
    problem,
  ];
  return h(
    'div',
    { class: 'link', 'data-key': `link-${path}` },
    mark(kind, word),
    h('span', { class: 'path' }, address),
    h('span', { class: 'said' }, words.filter(Boolean).join(', ')),
    line(samples.get(`${name}/${path}`) ?? []),
  );
}

const WIDTH = 120;
const HEIGHT = 24;

/** The round trips as a line; the words beside it say the newest. */
function line(values) {
  const most = Math.max(1, ...values.filter((value) => value !== null));
  const step = WIDTH / (SAMPLES - 1);
  let path = '';
  let isGap = true;
  values.forEach((value, place) => {
    if (value === null) {
      isGap = true;
      return;
    }
    const x = WIDTH - (values.length - 1 - place) * step;
    const y = HEIGHT - 2 - (value / most) * (HEIGHT - 4);
    path += `${isGap ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    isGap = false;
  });
  return svg(
    'svg',
    { class: 'line', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, 'aria-hidden': 'true' },
    svg('path', { d: path }),
  );
}
