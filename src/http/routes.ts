import type { ControlHandler } from '../control/control-handler.ts';
import { CHECKS, type Check, healthReport } from './health.ts';
import { pageFile } from './page-files.ts';
import { json, type Reply, refusal } from './reply.ts';

/** What the daemon gives to be shown. */
export interface HttpSources extends Pick<ControlHandler, 'status' | 'subscribe'> {
  /** The newest changes, newest last, as `eipkeeper history --output json` has them. */
  history(): Promise<readonly object[]>;
  /** In the text format of Prometheus. */
  metrics(): string;
}

export interface Asked {
  readonly path: string;
  readonly query: URLSearchParams;
}

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const PLACES = ['/', ...CHECKS.map((check) => `/${check}`), '/status', '/events', '/history', '/metrics'];

/** The path and query of a request; null for what is neither, an absolute address among it. */
export function asked(url: string): Asked | null {
  if (!url.startsWith('/')) return null;
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  return { path, query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)) };
}

/** Everything but the stream of events. */
export async function replyTo({ path, query }: Asked, sources: HttpSources): Promise<Reply> {
  const file = pageFile(path);
  if (file !== null) return { status: 200, ...file };
  const check = CHECKS.find((name) => path === `/${name}`);
  if (check !== undefined) return healthReply(check, query.get('group'), sources);
  switch (path) {
    case '/status':
      return json(200, sources.status());
    case '/history':
      return json(200, await sources.history());
    case '/metrics':
      return { status: 200, type: METRICS_TYPE, body: sources.metrics() };
    default:
      return refusal(404, `there is nothing here; there are ${PLACES.join(', ')}`);
  }
}

function healthReply(check: Check, group: string | null, sources: HttpSources): Reply {
  const snapshot = sources.status();
  const report = healthReport(check, snapshot, group);
  if (report !== null) return json(report.ok ? 200 : 503, report);
  const names = snapshot.groups.map(({ name }) => name).join(', ');
  return refusal(404, `there is no such group; there are ${names}`);
}
