/** Follows the daemon that served this page, and shows what it says. */
import { show } from './draw.js';
import { drawGroups } from './groups.js';
import { drawNodes, remember } from './nodes.js';
import { drawTimeline } from './timeline.js';
import { clock } from './words.js';

const byId = (id) => document.getElementById(id);
const RETRY_MS = 3_000;
/** A status comes at least every two seconds. */
const SILENT_MS = 7_000;

let source = null;
let lastHeardAt = 0;
let known = '';

function connect() {
  source?.close();
  source = new EventSource('events');
  source.onmessage = ({ data }) => heard(JSON.parse(data));
  source.onerror = () => {
    connection(
      'lost',
      lastHeardAt === 0 ? 'no answer, trying again' : `no answer since ${clock(lastHeardAt)}, trying again`,
    );
    // A refusal ends an EventSource for good.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
  };
}

function heard(status) {
  lastHeardAt = Date.now();
  connection('live', `live from ${status.node}`);
  remember(status);
  byId('title').textContent = status.cluster;
  const [kind, text] = verdict(status);
  document.title = `${kind === 'well' ? '' : '⚠ '}${status.cluster} – eipkeeper`;
  const line = byId('verdict');
  line.className = `verdict ${kind}`;
  if (line.textContent !== text) line.textContent = text;
  show(byId('groups'), drawGroups(status));
  show(byId('nodes'), drawNodes(status));
  show(byId('about'), [
    `eipkeeper ${status.daemonVersion}, asked: ${status.node}, ${clock(status.time)} by its clock`,
  ]);
  const changes = JSON.stringify([
    status.nodes.map(({ state }) => state),
    status.groups.map(({ term, leader, lastChange, handover }) => [term, leader, lastChange, handover]),
  ]);
  if (changes !== known)
    loadTimeline().then(
      () => (known = changes),
      () => {},
    );
}

async function loadTimeline() {
  const answer = await fetch('history');
  if (answer.ok) show(byId('timeline'), drawTimeline(await answer.json()));
}

function connection(kind, text) {
  const line = byId('connection');
  line.className = `connection ${kind}`;
  if (line.textContent !== text) line.textContent = text;
  document.body.classList.toggle('stale', kind === 'lost');
}

/** The sentence that one would want to read first: the worst that is so. */
function verdict({ groups, nodes, witness }) {
  const alarms = groups.flatMap((group) => {
    const leader = group.candidates.find(({ node }) => node === group.leader);
    if (group.leader === null) return [`nobody leads ${group.name}`];
    if (leader !== undefined && leader.role === null)
      return [`${group.leader} leads ${group.name} and is not heard`];
    if (group.address.complaint !== '') return [`the address of ${group.name} is not where it should be`];
    return group.resources
      .filter(({ state }) => state === 'failed')
      .map(({ name }) => `${name} of ${group.name} failed`);
  });
  const names = [...nodes, ...groups].map(({ name }) => name);
  if (alarms.length > 0) return ['alarm', capital(`${alarms.join('; ')}.`, names)];
  const cares = [
    ...groups.filter(({ maintenance }) => maintenance).map(({ name }) => `${name} is in maintenance`),
    ...nodes.filter(({ state }) => state === 'offline').map(({ name }) => `${name} is not heard`),
    ...(witness.state === 'down' ? ['the witness does not answer'] : []),
    ...groups
      .filter(
        ({ candidates, leader }) => !candidates.some(({ node, eligible }) => eligible && node !== leader),
      )
      .map(({ name }) => `nobody else could lead ${name}`),
  ];
  if (cares.length > 0) return ['care', capital(`${cares.join('; ')}.`, names)];
  return [
    'well',
    groups
      .map(({ name, leader }) => `${leader} leads ${name}`)
      .join(', ')
      .concat('; every group could be taken over.'),
  ];
}

/** Names stay as they are typed. */
const capital = (text, names) =>
  names.some((name) => text.startsWith(`${name} `)) ? text : text.charAt(0).toUpperCase() + text.slice(1);

/** Where the browser keeps the clipboard from pages that are not local, the command is selected instead. */
document.addEventListener('click', async ({ target }) => {
  const command = target.dataset?.copy;
  if (command === undefined) return;
  try {
    await navigator.clipboard.writeText(command);
    target.textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren(target.previousElementSibling);
    target.textContent = 'Selected';
  }
  setTimeout(() => (target.textContent = 'Copy'), 2_000);
});

setInterval(() => {
  if (lastHeardAt !== 0 && Date.now() - lastHeardAt > SILENT_MS)
    connection('lost', `no answer since ${clock(lastHeardAt)}, trying again`);
}, 1_000);

connect();
