import { DIRECTIVES, type Treatment } from '../src/import/directives.ts';
import { KNOWN_SCRIPTS } from '../src/import/resource-scripts.ts';

const HEADINGS: Readonly<Record<Treatment, string>> = {
  carried: 'Carried over',
  refused: 'Refused',
  lost: 'Left out, and to be looked at',
  needless: 'Left out, because nothing is lost by it',
};

/** What `eipkeeper import` makes of each directive of ha.cf and of each script of resource.d, from its own tables. */
export function directivesPage(): string {
  return `# What becomes of Heartbeat's directives

<!-- Made by scripts/generate-schema.ts from src/import/directives.ts and src/import/resource-scripts.ts: change those. -->

Every directive that the parser of Heartbeat 3.0.6 knows, and the scripts in \`/etc/ha.d/resource.d\` that come with it.
\`eipkeeper import\` says of each line that it does not carry over as it stands what became of it.
[migration.md](migration.md) is the guide.

${(Object.keys(HEADINGS) as Treatment[]).map(directives).join('\n')}
## Scripts of resource.d
${table(
  'script',
  Object.entries(KNOWN_SCRIPTS).map(([name, script]) => [name, scriptText(script)]),
)}
\`IPaddr\`, \`IPaddr2\` and a bare address become an \`elastic-ip\`, or in the ranges of private networks a \`private-ip\`.
A script that calls \`associate-address\` becomes the \`elastic-ip\` that it moved. \`nginx\` and \`haproxy\` become the
resources of these names. Any other name is an init script (\`lsb\`), or with arguments three commands (\`exec\`).
`;
}

function directives(treatment: Treatment): string {
  const rows = Object.entries(DIRECTIVES)
    .filter(([, directive]) => directive.treatment === treatment)
    .map(([name, { becomes }]) => [name, becomes] as const);
  return `## ${HEADINGS[treatment]}\n${table('directive', rows)}`;
}

const table = (what: string, rows: readonly (readonly [string, string])[]): string =>
  `| ${what} | what becomes of it |\n|---|---|\n${rows.map(([name, text]) => `| \`${name}\` | ${text} |\n`).join('')}`;

function scriptText(script: (typeof KNOWN_SCRIPTS)[string]): string {
  if (script.kind === 'left-out') return `left out: ${script.reason}`;
  const must = script.exclusive
    ? 'must never run twice, so its group is `exclusive`'
    : 'two copies do no harm';
  return `\`ocf\`, with ${script.parameters.map((name) => `\`${name}\``).join(', ')}; ${must}`;
}
