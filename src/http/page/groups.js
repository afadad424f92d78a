/** The groups: who leads and by what right, the address, the members, the services, and what one could do. */
import { h } from './draw.js';
import { ago, clock, duration, times } from './words.js';

export const drawGroups = (status) => status.groups.map((group) => drawGroup(group, status));

function drawGroup(group, status) {
  const id = `group-${group.name}`;
  return h(
    'section',
    { class: 'group', 'aria-labelledby': id, 'data-key': id, 'data-group': group.name },
    h(
      'div',
      { class: 'heading' },
      h('h2', { id }, group.name),
      h(
        'span',
        { class: 'quiet' },
        group.kind === 'exclusive' ? 'never runs twice' : 'an address and what is behind it',
      ),
    ),
    h('dl', { class: 'facts' }, facts(group, status)),
    warnings(group, status).map((text) => h('p', { class: 'warning' }, text)),
    h('h3', {}, 'Who could lead'),
    h(
      'ul',
      { class: 'rows members' },
      group.candidates.map((member) => drawMember(member, group)),
    ),
    h('h3', {}, `Resources, as ${status.node} sees them`),
    h(
      'ul',
      { class: 'rows resources' },
      group.resources.map((resource) => drawResource(resource, group, status)),
    ),
    failedActions(group),
    drawCommands(group, status),
  );
}

const fact = (name, term, ...values) =>
  h('div', { class: `fact ${name}`, 'data-key': name }, h('dt', {}, term), h('dd', {}, ...values));

function facts(group, status) {
  return [
    fact('leader', 'Leader', h('strong', {}, group.leader ?? 'nobody'), note(`term ${group.term}`)),
    fact('address', 'Address', h('strong', {}, addressName(group)), note(whereEc2Says(group))),
    fact('authority', 'Authority', ...authority(group, status)),
    fact('change', 'Last change', ...lastChange(group)),
  ];
}

const note = (text) => h('span', { class: 'note' }, text);

function addressName({ address, resources }) {
  const names = resources.filter(isAddress).map(({ name }) => name);
  return names.length > 0 ? names.join(', ') : (address.publicIp ?? 'not looked up yet');
}

const isAddress = ({ type }) => type === 'elastic-ip' || type === 'private-ip';

function whereEc2Says({ address, candidates }) {
  const { holder, readMsAgo } = address;
  if (readMsAgo === null || holder === null) return 'where it is was not read yet';
  const isMember = candidates.some(({ node }) => node === holder);
  const place =
    holder === 'free'
      ? 'on no instance'
      : isMember
        ? `on ${holder}`
        : `on ${holder}, which is none of the nodes`;
  return `${place}, EC2 said ${ago(readMsAgo)}`;
}

const SOURCES = { grants: 'by the word of its peers', lease: 'by its lease in the witness', none: '' };
const LEADS = ['leading', 'yielding', 'acting'];

/** Of the node that was asked; of another one its role says it. */
function authority({ role, authority: { held, forMs, source }, leader, candidates }, { node }) {
  if (role === 'acting')
    return [h('strong', {}, 'the word of EC2'), note(`${node} serves while the witness is out of reach`)];
  if (LEADS.includes(role)) {
    if (!held) return [h('strong', { class: 'bad' }, 'none'), note('it only goes on with what it does')];
    const left = forMs > 1e12 ? 'it has no peers' : `for ${duration(forMs)} without news`;
    return [h('strong', {}, SOURCES[source]), note(left)];
  }
  const said = candidates.find((member) => member.node === leader)?.role ?? null;
  if (leader === null) return [h('strong', {}, 'nobody has any')];
  if (said === null) return [h('strong', { class: 'bad' }, 'unknown'), note(`${leader} is not heard`)];
  return [
    h('strong', {}, LEADS.includes(said) ? `${leader} says it ${ROLES[said]}` : `${leader} is ${said}`),
    note(`its own page tells by what right`),
  ];
}

function lastChange({ lastChange: change }) {
  if (change === null) return [h('strong', {}, 'none'), note('since this daemon started')];
  const { at, reason, by, phases } = change;
  const parts = [
    reason,
    by === '' ? '' : `asked by ${by}`,
    phases === null ? '' : `in ${duration(phases.totalMs)}`,
  ];
  return [h('strong', {}, h('time', { datetime: at }, clock(at))), note(parts.filter(Boolean).join(', '))];
}

function warnings(group, { node }) {
  const { maintenance, address, handover, request, takeovers, failures } = group;
  return [
    maintenance ? 'In maintenance: it is watched, and nothing is started, stopped or moved.' : '',
    address.complaint === '' ? '' : `The address: ${address.complaint}.`,
    handover === null ? '' : `Moving to ${handover.target} (${handover.phase}): ${handover.why}.`,
    request === null
      ? ''
      : `Asked from afar by ${request.by}: ${request.kind === 'force' ? 'forced failover' : 'switchover'} to ${request.target}.`,
    takeovers.waitMs === 0
      ? ''
      : `${takeovers.lastHour} takeovers in an hour: the next one waits ${duration(takeovers.waitMs)} longer. Find out why the nodes fail.`,
    ...failures.map(({ resource, count, reason, until }) => {
      const rest = until === null ? '' : `; ${node} does not lead it until ${clock(until)}`;
      return `${resource || 'Its services'} failed ${times(count)} on ${node}: ${reason}${rest}.`;
    }),
  ].filter(Boolean);
}

const ROLES = {
  leading: 'leads',
  yielding: 'lets another take over',
  acting: 'serves without a term',
  claiming: 'is claiming it',
  standby: 'waits',
  starting: 'is starting',
  restarting: 'is coming back',
};

function drawMember({ node, eligible, reason, role, serving, hasAddress }, group) {
  const leads = LEADS.includes(role);
  const does = [
    role === null ? 'is not heard' : ROLES[role],
    serving ? 'services run' : '',
    hasAddress ? 'has the address' : '',
  ];
  return h(
    'li',
    { 'data-key': `member-${group.name}-${node}` },
    h('span', { class: 'name' }, node),
    mark(
      leads ? 'leads' : eligible ? 'ready' : 'not',
      leads ? 'leads' : eligible ? 'could lead' : 'could not lead',
    ),
    h('span', { class: 'said' }, reason !== '' ? reason : does.filter(Boolean).join(', ')),
  );
}

/** Colour, shape and word say the same. */
export const mark = (kind, text) =>
  h('span', { class: `mark ${kind}` }, h('span', { class: 'dot', 'aria-hidden': 'true' }), text);

const STATES = {
  started: ['leads', 'started'],
  starting: ['busy', 'starting'],
  stopping: ['busy', 'stopping'],
  stopped: ['idle', 'stopped'],
  failed: ['not', 'failed'],
  unknown: ['idle', 'unknown'],
};

function drawResource(resource, group, { node }) {
  const { name, type, state, reason, monitor } = resource;
  const [kind, word] = isAddress(resource) && state === 'stopped' ? ['idle', 'elsewhere'] : STATES[state];
  const failed = group.failures.find((failure) => failure.resource === name);
  const words = [
    name.startsWith(type) ? '' : type,
    monitor === '' ? '' : `watched ${monitor}`,
    failed === undefined ? '' : `failed ${times(failed.count)} on ${node}`,
    reason,
  ];
  return h(
    'li',
    { 'data-key': `resource-${group.name}-${type}-${name}` },
    h('span', { class: 'name' }, name),
    mark(kind, word),
    h('span', { class: 'said' }, words.filter(Boolean).join('; ')),
  );
}

function failedActions({ name, failedActions: actions }) {
  if (actions.length === 0) return null;
  const rows = actions
    .toReversed()
    .map(({ at, resource, action, reason }) =>
      h(
        'li',
        {},
        h('span', { class: 'name' }, clock(at)),
        h('span', { class: 'said wide' }, `${resource} ${action}: ${reason}`),
      ),
    );
  const title = `Failed actions (${actions.length})`;
  return h(
    'details',
    { 'data-key': `failed-${name}` },
    h('summary', {}, title),
    h('ul', { class: 'rows' }, rows),
  );
}

/** This page changes nothing: it says what one would type. */
function drawCommands(group, status) {
  const rows = commandsFor(group, status).map(([what, command]) =>
    h(
      'li',
      { 'data-key': command },
      h('span', { class: 'what' }, what),
      h('code', {}, command),
      h(
        'button',
        { type: 'button', class: 'copy', 'data-copy': command, 'aria-label': `Copy: ${command}` },
        'Copy',
      ),
    ),
  );
  return h(
    'details',
    { class: 'commands', 'data-key': `commands-${group.name}` },
    h('summary', {}, 'What one could do'),
    h('p', { class: 'quiet' }, 'This page changes nothing. To be typed on any node, unless it says where:'),
    h('ul', {}, rows),
  );
}

function commandsFor({ name, leader, candidates, maintenance, failures }, { nodes }) {
  // One that is not heard cannot hand over, and whoever could take over without it does so by itself.
  const isHeard = candidates.some(({ node, role }) => node === leader && role !== null);
  const mayMove = isHeard && !maintenance;
  const commands = candidates
    .filter(({ node, eligible }) => eligible && node !== leader && mayMove)
    .map(({ node }) => [
      `Move ${name} to ${node}, without losing a request`,
      `eipkeeper switchover --group ${name} --to ${node}`,
    ]);
  if (mayMove)
    commands.push([`Take ${leader} out for repair, typed on ${leader}`, `eipkeeper standby ${leader}`]);
  for (const node of nodes.filter(({ state }) => state === 'standby'))
    commands.push([`Let ${node.name} lead again, typed on ${node.name}`, `eipkeeper online ${node.name}`]);
  if (failures.length > 0) commands.push(['Forget the failures, once mended', `eipkeeper cleanup ${name}`]);
  commands.push(
    maintenance
      ? ['End the maintenance', `eipkeeper maintenance off ${name}`]
      : ['Watch only, while you work on the service', `eipkeeper maintenance on ${name}`],
    ['Find out why the leader changed, or did not', `eipkeeper explain --group ${name}`],
  );
  return commands;
}
