import { suggest } from '../config/suggestion.ts';

/** What an agent's meta-data says of itself, as far as it matters here (OCF Resource Agent API 1.1). */
export interface OcfMetadata {
  readonly parameters: ReadonlyMap<string, OcfParameter>;
  readonly actions: ReadonlySet<string>;
}

export interface OcfParameter {
  readonly required: boolean;
  /** string, integer, boolean, select, …; '' when it is not said. */
  readonly type: string;
  readonly default: string;
  /** Of a `select`. */
  readonly options: readonly string[];
}

/**
 * The tags that matter, in the order of the document, without a parser of all XML: agents write it by hand with
 * `cat`, and their own warnings may stand before it. Null when it is none, or was cut off.
 */
export function parseMetadata(output: string): OcfMetadata | null {
  const start = output.indexOf('<resource-agent');
  const end = output.lastIndexOf('</resource-agent>');
  if (start < 0 || end < start) return null;
  const text = output.slice(start, end).replace(/<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>/g, '');
  const parameters = new Map<string, OcfParameter>();
  const actions = new Set<string>();
  let name = '';
  for (const [, tag, written = ''] of text.matchAll(TAG)) {
    const attributes = attributesOf(written);
    const current = parameters.get(name);
    if (tag === 'action') actions.add(attributes.get('name') ?? '');
    else if (tag === 'parameter') {
      name = attributes.get('name') ?? '';
      const required = /^(1|true|yes)$/i.test(attributes.get('required') ?? '');
      parameters.set(name, { required, type: '', default: '', options: [] });
    } else if (tag === 'content' && current !== undefined) {
      const type = attributes.get('type') ?? '';
      parameters.set(name, { ...current, type, default: attributes.get('default') ?? '' });
    } else if (tag === 'option' && current !== undefined) {
      const options = [...current.options, attributes.get('value') ?? ''];
      parameters.set(name, { ...current, options });
    }
  }
  return { parameters, actions };
}

const TAG = /<(parameter|content|option|action)((?:\s+[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*\/?>/g;

function attributesOf(written: string): ReadonlyMap<string, string> {
  const found = written.matchAll(/([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
  return new Map([...found].map(([, name = '', double, single]) => [name, decode(double ?? single ?? '')]));
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
const decode = (text: string): string => text.replace(/&(\w+);/g, (whole, name) => ENTITIES[name] ?? whole);

/** Every parameter that the agent would not take, as sentences; '' when there is none. */
export function parameterProblems(metadata: OcfMetadata, given: Readonly<Record<string, string>>): string {
  const names = [...metadata.parameters.keys()];
  const unknown = Object.keys(given)
    .filter((name) => !metadata.parameters.has(name))
    .map((name) => {
      const near = suggest(name, names);
      const hint = near === null ? `there are ${names.join(', ')}` : `did you mean ${near}?`;
      return `it has no parameter ${name}; ${names.length === 0 ? 'there are none' : hint}`;
    });
  const wrong = [...metadata.parameters].flatMap(([name, parameter]) => {
    const value = given[name];
    if (value !== undefined) return valueProblem(name, parameter, value);
    // Some call required what has a default all the same.
    return parameter.required && parameter.default === '' ? [`it needs the parameter ${name}`] : [];
  });
  return [...unknown, ...wrong].join('; ');
}

function valueProblem(name: string, parameter: OcfParameter, value: string): readonly string[] {
  // An agent whose own default is not of the type that it names has not meant that type.
  if (fits(parameter, value) || !fits(parameter, parameter.default)) return [];
  const wanted = parameter.type === 'select' ? `one of ${parameter.options.join(', ')}` : parameter.type;
  return [`${name} must be ${wanted}, not "${value}"`];
}

function fits({ type, options }: OcfParameter, value: string): boolean {
  if (value === '') return true;
  switch (type) {
    case 'integer':
      return /^[-+]?\d+$/.test(value);
    case 'boolean':
      return /^(true|false|yes|no|on|off|0|1)$/i.test(value);
    case 'select':
      return options.length === 0 || options.includes(value);
    default:
      return true;
  }
}
