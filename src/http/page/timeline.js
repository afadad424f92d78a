/** The last changes, newest first, each with its phases as a bar. */
import { h } from './draw.js';
import { clock, duration } from './words.js';

const PHASES = ['detect', 'claim', 'move', 'start'];
const REASONS = {
  first: 'the first leader of this group',
  takeover: 'the leader before fell silent',
  defence: 'renewed',
  switchover: 'handed over',
  members: 'other nodes count from now on',
  revoke: 'a handover that nobody took up was taken back',
  forced: 'forced',
  adopt: 'restarted, and still had the address',
  acting: 'the witness is back and was told',
};

export function drawTimeline(entries) {
  if (entries.length === 0)
    return [h('p', { class: 'quiet' }, 'The journal of this node knows of no change yet.')];
  const longest = Math.max(1, ...entries.map(({ phases }) => phases?.totalMs ?? 0));
  const hasBars = entries.some(({ phases }) => phases);
  return [
    h(
      'ol',
      { class: 'timeline' },
      entries.toReversed().map((entry) => drawEntry(entry, longest)),
    ),
    hasBars
      ? h(
          'p',
          { class: 'legend', 'aria-hidden': 'true' },
          PHASES.map((phase) => h('span', {}, h('i', { class: phase }), phase)),
        )
      : null,
  ];
}

function drawEntry(entry, longest) {
  return h(
    'li',
    { class: entry.kind, 'data-key': `${entry.time} ${entry.group} ${entry.kind}` },
    h('time', { datetime: entry.time }, clock(entry.time)),
    h(
      'div',
      { class: 'what' },
      h('p', {}, ...sentence(entry)),
      entry.phases ? bar(entry.phases, longest) : null,
    ),
  );
}

function sentence(entry) {
  const { group, by } = entry;
  const asked = by ? `, asked by ${by}` : '';
  if (entry.kind === 'change') {
    const { from, to, term, reason } = entry;
    const why = reason === null ? `why, the journal of ${to} knows` : REASONS[reason];
    const way = from === null || from === to ? to : `${from} → ${to}`;
    return [h('strong', {}, `${group}: ${way}`), ` term ${term}, ${why}${asked}`];
  }
  if (entry.kind === 'stay') {
    const { leader, time, until } = entry;
    const ms = until === null ? 0 : Date.parse(until) - Date.parse(time);
    const length = ms === 0 ? '' : ` of ${duration(ms)}`;
    return [h('strong', {}, `${group}: ${leader} stayed`), ` through a silence${length}`];
  }
  return [h('strong', {}, `${group}: not to ${entry.to}`), ` ${entry.reason}${asked}`];
}

/** All bars have one scale. What the phases do not cover, the total has: they overlap, or wait for one another. */
function bar(phases, longest) {
  const said = PHASES.map((phase) => `${phase} ${duration(phases[`${phase}Ms`])}`).join(', ');
  const sum = Math.max(
    phases.totalMs,
    PHASES.reduce((total, phase) => total + phases[`${phase}Ms`], 0),
    1,
  );
  return h(
    'div',
    { class: 'phases' },
    h(
      'div',
      {
        class: 'bar',
        role: 'img',
        'aria-label': said,
        style: { width: `${Math.max(2, (phases.totalMs / longest) * 100)}%` },
      },
      PHASES.map((phase) =>
        h('i', {
          class: phase,
          title: `${phase} ${duration(phases[`${phase}Ms`])}`,
          style: { width: `${(phases[`${phase}Ms`] / sum) * 100}%` },
        }),
      ),
    ),
    h('p', { class: 'quiet' }, `${duration(phases.totalMs)}: ${said}`),
  );
}
