import type { DemoCluster } from '../cluster/demo-cluster.ts';
import type { DemoArguments } from '../demo-arguments.ts';
import { type Line, ms, number, tinted } from '../style.ts';
import { playStory, type StoryTeller } from './play-story.ts';
import { story } from './story.ts';

export interface ScriptOptions {
  readonly settings: DemoArguments;
  readonly cluster: DemoCluster;
  readonly print: (line: Line) => void;
}

const TITLE_WIDTH = 62;

/** The whole story, unattended. Resolves with the exit code; closing the cluster is for the caller. */
export async function runScript({ settings, cluster, print }: ScriptOptions): Promise<number> {
  const begunMs = performance.now();
  const teller: StoryTeller = {
    step: (title, tookMs, details) => {
      print([tinted('green', 'ok    '), tinted('bold', title.padEnd(TITLE_WIDTH)), ms(tookMs).padStart(10)]);
      for (const detail of details) print([`      ${detail}`]);
    },
    failed: (title, deviations) => {
      print([tinted('red', 'FAILED '), tinted('bold', title)]);
      for (const { expected, seen } of deviations) {
        print([`       expected: ${expected}`]);
        print([`       seen:     ${seen}`]);
      }
    },
  };
  print([tinted('bold', 'eipkeeper demo'), `, the whole story, profile ${settings.profile}`]);
  const isGood = await playStory(cluster, story({ gapMaxMs: settings.gapMaxMs }), teller);
  const tookS = number((performance.now() - begunMs) / 1000);
  if (isGood) {
    const { requests, failed } = cluster.client.totals;
    print([
      tinted('green', 'All as it should be'),
      `: ${tookS} s, ${number(requests)} requests, ${number(failed)} failed, all of them in moves that nobody planned.`,
    ]);
  } else {
    print([tinted('red', 'Not as it should be.'), ` The logs are in ${cluster.directory}`]);
  }
  return isGood ? 0 : 1;
}
