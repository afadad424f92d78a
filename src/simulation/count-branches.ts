/**
 * Loaded into a thread before the core (`--import`): the core gets counters in its branches as it is loaded, so that
 * its source carries none.
 */
import { registerHooks } from 'node:module';
import { withCounters } from './branch-counter.ts';
import { BRANCHES } from './branches.ts';

const CORE = new URL('../core/', import.meta.url).href;

globalThis.branchCounts = BRANCHES.map(() => 0);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.startsWith(CORE) || loaded.source == null) return loaded;
    const source = Buffer.from(loaded.source as Uint8Array).toString('utf8');
    return { ...loaded, source: withCounters(url.slice(CORE.length), source) };
  },
});
