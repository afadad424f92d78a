/** The parts of a JSON Schema that zod writes and the tables show. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
}

interface Table {
  readonly title: string;
  readonly schema: JsonSchema;
}

/** A Markdown table for the schema and one for every object in it, each under the path that leads there. */
export function schemaTables(
  root: JsonSchema,
  { marksRequired }: { readonly marksRequired: boolean },
): string {
  const queue: Table[] = [{ title: '', schema: root }];
  const sections: string[] = [];
  for (const { title, schema } of queue) {
    const rows = Object.entries(schema.properties ?? {}).map(([name, property]) => {
      const path = title === '' ? name : `${title}.${name}`;
      queue.push(...nested(path, property));
      const isRequired = marksRequired && schema.required?.includes(name) === true;
      return row(name, property, isRequired);
    });
    const heading = title === '' ? '' : `### \`${title}\`\n`;
    sections.push(`${heading}| | | |\n|---|---|---|\n${rows.join('\n')}\n`);
  }
  return sections.join('\n');
}

function row(name: string, schema: JsonSchema, isRequired: boolean): string {
  const notes = [schema.description ?? '', defaultOf(schema, isRequired)].filter(Boolean).join(' ');
  return `| \`${name}\` | ${typeOf(schema)} | ${notes.replaceAll('|', '\\|').replaceAll('\n', ' ')} |`;
}

function defaultOf(schema: JsonSchema, isRequired: boolean): string {
  if (isRequired) return '**Required.**';
  if (schema.default === undefined || isEmptyObject(schema.default)) return '';
  const text = typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default);
  return `Default: \`${text}\`.`;
}

const isEmptyObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

function typeOf(schema: JsonSchema): string {
  if (schema.$ref !== undefined) return schema.$ref.replace('#/$defs/', '').toLowerCase();
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  if (schema.type === 'array')
    return `list of ${schema.items === undefined ? 'anything' : typeOf(schema.items)}`;
  if (schema.type === 'object')
    return typeof schema.additionalProperties === 'object' ? 'settings by name' : 'settings';
  return (
    { string: 'text', integer: 'whole number', number: 'number', boolean: 'true, false', null: 'null' }[
      schema.type ?? ''
    ] ?? ''
  );
}

/** The objects directly below: themselves, behind "by name", in a list, or as one of several forms. */
function nested(path: string, schema: JsonSchema): readonly Table[] {
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap((branch) => nested(path, branch));
  if (schema.items !== undefined) return nested(`${path}[]`, schema.items);
  if (typeof schema.additionalProperties === 'object')
    return nested(`${path}.<name>`, schema.additionalProperties);
  return schema.properties === undefined ? [] : [{ title: path, schema }];
}
