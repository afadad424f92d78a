import { z } from 'zod';
import { configurationSchema } from '../src/config/schema.ts';
import { statusSnapshotSchema } from '../src/control/status-snapshot.ts';
import { METRICS } from '../src/observability/metrics/definitions.ts';
import { CONFIGURATION_EXAMPLE } from './configuration-example.ts';
import { directivesPage } from './directives-page.ts';
import { type JsonSchema, schemaTables } from './schema-tables.ts';

/** Path and text of every file that is made from the sources; a test holds the committed ones against these. */
export function generatedFiles(): ReadonlyMap<string, string> {
  // The input is what a user writes, before the transforms; and it alone leaves room for fields of a later version.
  const configuration = z.toJSONSchema(configurationSchema, { io: 'input' }) as JsonSchema;
  const status = z.toJSONSchema(statusSnapshotSchema, { io: 'input' }) as JsonSchema;
  return new Map([
    ['schema/eipkeeper.schema.json', `${JSON.stringify(configuration, null, 2)}\n`],
    ['schema/status.schema.json', `${JSON.stringify(status, null, 2)}\n`],
    ['docs/configuration.md', configurationPage(configuration)],
    ['docs/status.md', statusPage(status)],
    ['docs/heartbeat-directives.md', directivesPage()],
    ['docs/metrics.md', metricsPage()],
  ]);
}

const NOTICE = '<!-- Made by scripts/generate-schema.ts from the schemas in src: change those. -->';

function configurationPage(schema: JsonSchema): string {
  return `# Configuration

${NOTICE}

One YAML file, the same on every node, by default \`/etc/eipkeeper/eipkeeper.yaml\`; \`--config ssm:/name\` reads it
from a parameter instead, with the credentials of who types it. \`eipkeeper config check\` reads it as the daemon would
and names every line that is wrong.
Editors complete and check it with [schema/eipkeeper.schema.json](../schema/eipkeeper.schema.json): begin the file
with \`# yaml-language-server: $schema=<path of that file>\`.

\`eipkeeper reload\` on each node takes a changed file into use. A restart of the daemon (\`systemctl restart eipkeeper\`,
one node after the other) is needed for \`cluster\`, \`port\`, \`aws\`, \`socket\`, \`stateDirectory\`, \`journal\`,
\`witness.ssm.prefix\`, the node's own entry in \`nodes\`, groups that come or go, and of a group its \`kind\`, its
\`resources\` with their \`monitor\` and \`restart\`, and whether this node is one of its \`nodes\`. \`reload\` names
what it refuses, and then changes nothing.

Durations are a number and its unit: \`500ms\`, \`1s\`, \`1.5s\`, \`2m\`, \`1h\`. A bare number is refused.

\`\`\`yaml
${CONFIGURATION_EXAMPLE}\`\`\`

## Timings
Defaults come from the profile, or for \`exclusive\` groups from their own; \`timings\` overrides them for all groups,
\`groups.<name>.timings\` for one. A \`lease\` or an \`initdead\` that nobody wrote grows with the others.

| | keepalive | warntime | deadtime | witnessTimeout | lease |
|---|---|---|---|---|---|
| default | 100ms | 300ms | 1s | 400ms | 3s |
| fast | 50ms | 150ms | 500ms | 250ms | 1.5s |
| turbo | 30ms | 90ms | 400ms | 250ms | 1s |
| exclusive groups | the profile's | 1s | 7s | 400ms | 7s |

These relations must hold, and are checked with their numbers (stopTimeout counts in \`exclusive\` groups only):

- 3 × keepalive ≤ warntime
- warntime + witnessTimeout + 50ms ≤ 99 % of deadtime − stopTimeout
- lease ≥ deadtime, and lease ≥ 3 × witnessTimeout + stopTimeout
- stopTimeout ≥ 400ms
- initdead ≥ deadtime and 2 %
- the writes to the witness in a partition stay below \`witness.ssm.writesPerSecond\`

## Settings
${schemaTables(schema, { marksRequired: true })}`;
}

function statusPage(schema: JsonSchema): string {
  return `# Status

${NOTICE}

What \`eipkeeper status --output json\` prints: one object, the view of the node that was asked. With \`--watch\`, one
object a line, after every change and at least every two seconds. Fields may be added; within \`version\` 1 none
goes away or changes its meaning. JSON Schema: [schema/status.schema.json](../schema/status.schema.json).

Other commands with \`--output json\` print \`{"status", "reason", "exitCode"}\`: status is \`done\`, \`refused\`,
\`timeout\` or \`failed\`, reason a sentence ("" when done), exitCode the exit code of the command. So does every command
that could not do its work, this one as well; only a line that cannot be read is told on stderr (64).

## Fields
All of them are always there.

${schemaTables(schema, { marksRequired: false })}`;
}

function metricsPage(): string {
  const rows = Object.values(METRICS).map(({ name, type, labels, help }) => {
    const words = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${words} | ${help} |`;
  });
  return `# Metrics

<!-- Made by scripts/generate-schema.ts from src/observability/metrics/definitions.ts: change that. -->

\`GET /metrics\` answers in the text format of Prometheus. Where the daemon listens is in [http.md](http.md): on
loopback, so a Prometheus elsewhere needs \`http: { address: node }\` and a security group that lets only it in.

    scrape_configs:
      - job_name: eipkeeper
        scrape_interval: 15s
        static_configs:
          - targets: ["10.0.0.11:9694", "10.0.1.12:9694"]

Seconds and bytes, as Prometheus has them; 1 is yes and 0 is no. Counters begin with 0 at the start of the daemon.
Each node says what it knows itself: ask all of them. Names and labels are kept; more may be added.

| label | |
|---|---|
| \`group\` | the name of a group in the configuration |
| \`member\` | the name of a node; \`node\` would be taken for the one that answers |
| \`path\` | the index of the path in \`addresses\` |
| \`reason\` | of a term: first, takeover, switchover, revoke, forced, adopt, acting; of a datagram: why it was not believed |
| \`phase\` | detect, claim, move, start, total: [performance.md](performance.md) |
| \`result\` | of a call to AWS: ok, or what is known of its effect |

| metric | type | labels | |
|---|---|---|---|
${rows.join('\n')}

## Alarms
[packaging/alerts.yaml](../packaging/alerts.yaml) has rules that say what to do. Load it with \`rule_files\` and change
what does not fit. They expect the two targets above in one job named \`eipkeeper\`.
`;
}
