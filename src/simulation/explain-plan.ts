import { explanationText } from '../cli/explain-text.ts';
import type { Episode } from '../journal/episode.ts';
import { explain } from '../journal/explain.ts';
import { historyOf } from '../journal/history.ts';
import type { CoreUnderTest } from './core-under-test.ts';
import type { Plan } from './plan.ts';
import { RecordedCore } from './recorded-core.ts';
import { runPlan } from './run-plan.ts';
import type { World } from './world.ts';

/**
 * Why each leadership of a schedule changed or outlived a silence, and which moves were refused: what `eipkeeper
 * explain` says of the journals that its daemons would have left. Its times are virtual ones after midnight UTC.
 */
export function explainPlan(plan: Plan, core: CoreUnderTest): string {
  let world: World | null = null;
  const recorded = new RecordedCore(core, {
    paths: plan.terrain.paths,
    wallMsAt: (node, nowMs) => {
      const machine = (world as World | null)?.machines.find(({ name }) => name === node);
      return machine?.clock.virtualOf(nowMs) ?? 0;
    },
  });
  const follow = {
    attach: (started: World) => {
      world = started;
    },
  };
  runPlan(plan, recorded.core, [follow]);
  const explanations = plan.terrain.names.flatMap((node) => {
    const facts = recorded.facts(node);
    const recordings = recorded.recordings(node);
    const own = historyOf(facts).filter((episode) => knowsWhy(episode));
    return own.map((episode) => explain(episode, { facts, recordings, addressOf: (group) => group }));
  });
  const inOrder = explanations.sort((a, b) => a.wallMs - b.wallMs);
  return inOrder.map(explanationText).join('\n');
}

/** The others only learned of it. */
function knowsWhy(episode: Episode): boolean {
  switch (episode.kind) {
    case 'change':
      return episode.to === episode.self;
    case 'stay':
      return episode.owner === episode.self;
    case 'refusal':
      return true;
  }
}
