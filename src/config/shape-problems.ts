import type { z } from 'zod';
import type { PathProblem } from './config-error.ts';
import { suggest } from './suggestion.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly (string | number)[];

/** What the schema found wrong, as sentences: each with its place and, where one is near, the key that was meant. */
export function shapeProblems(schema: z.ZodType, issues: readonly Issue[]): readonly PathProblem[] {
  return issues.flatMap((issue) => toProblems(schema, issue, []));
}

function toProblems(schema: z.ZodType, issue: Issue, prefix: Path): readonly PathProblem[] {
  const path: Path = [
    ...prefix,
    ...issue.path.map((part) => (typeof part === 'number' ? part : String(part))),
  ];
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(schema, path);
      return issue.keys.map((key) => ({
        path: [...path, key],
        atKey: true,
        message: unknownKey(key, known),
      }));
    }
    case 'invalid_key':
      return [{ path, atKey: true, message: issue.issues[0]?.message ?? issue.message }];
    case 'invalid_union': {
      const meant = issue.errors.filter((branch) => !branch.some(isWrongAltogether));
      const only = meant[0];
      if (meant.length === 1 && only !== undefined && only.length > 0) {
        return only.flatMap((nested) => toProblems(schema, nested, path));
      }
      return [{ path, message: issue.message }];
    }
    case 'invalid_type':
      return [{ path, message: wrongType(issue) }];
    case 'invalid_value':
      return [{ path, message: wrongValue(issue.values, issue.input) }];
    case 'too_big':
      if (issue.origin !== 'number' && issue.origin !== 'int') return [{ path, message: issue.message }];
      return [{ path, message: `must be at most ${issue.maximum}, not ${describe(issue.input)}` }];
    case 'too_small':
      if (issue.origin !== 'number' && issue.origin !== 'int') return [{ path, message: issue.message }];
      return [
        {
          path,
          message: `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}, not ${describe(issue.input)}`,
        },
      ];
    default:
      return [{ path, message: issue.message }];
  }
}

/** The value is not even of the kind that this branch of a union takes. */
const isWrongAltogether = (issue: Issue): boolean =>
  issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');

function unknownKey(key: string, known: readonly string[]): string {
  const near = suggest(key, known);
  if (near !== null) return `there is no such setting; did you mean ${near}?`;
  if (known.length === 0) return 'there is no such setting';
  return `there is no such setting; there are ${known.join(', ')}`;
}

function wrongType(issue: Extract<Issue, { code: 'invalid_type' }>): string {
  if (!issue.message.startsWith('Invalid input'))
    return issue.input === undefined ? `is missing; ${issue.message}` : issue.message;
  const expected = TYPE_WORDS[issue.expected] ?? issue.expected;
  if (issue.input === undefined) return `is missing: ${expected}`;
  return `must be ${expected}, not ${describe(issue.input)}`;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'settings by name, like "key: value"',
  record: 'settings by name, like "key: value"',
  array: 'a list',
};

function describe(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'settings';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function wrongValue(values: readonly unknown[], input: unknown): string {
  const words = values.map(String);
  const near = typeof input === 'string' ? suggest(input, words) : null;
  const list = words.join(', ');
  if (input === undefined) return `is missing: one of ${list}`;
  return `must be one of ${list}, not ${describe(input)}${near === null ? '' : `; did you mean ${near}?`}`;
}

/** The keys that the schema knows at this place. Walks definitions, so that it cannot drift from the schema. */
function keysAt(schema: z.ZodType, path: Path): readonly string[] {
  let candidates: z.core.$ZodType[] = unwrap(schema);
  for (const part of path) candidates = candidates.flatMap((candidate) => childrenAt(candidate, part));
  return candidates.flatMap((candidate) => {
    const { def } = candidate._zod as z.core.$ZodTypeInternals;
    return def.type === 'object' ? Object.keys((def as z.core.$ZodObjectDef).shape) : [];
  });
}

function childrenAt(schema: z.core.$ZodType, part: string | number): z.core.$ZodType[] {
  const { def } = schema._zod;
  if (def.type === 'object') {
    const child = (def as z.core.$ZodObjectDef).shape[String(part)];
    return child === undefined ? [] : unwrap(child);
  }
  if (def.type === 'record') return unwrap((def as z.core.$ZodRecordDef).valueType);
  if (def.type === 'array') return unwrap((def as z.core.$ZodArrayDef).element);
  return [];
}

/** Takes off what only wraps a shape: optional, default, transform. A union is all of its branches. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType[] {
  const { def } = schema._zod;
  if (def.type === 'union') return (def as z.core.$ZodUnionDef).options.flatMap(unwrap);
  if (def.type === 'pipe') return unwrap((def as z.core.$ZodPipeDef).in);
  if ('innerType' in def) return unwrap((def as z.core.$ZodOptionalDef).innerType);
  return [schema];
}
