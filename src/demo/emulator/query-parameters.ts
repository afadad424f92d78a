import { ApiError } from './api-error.ts';

export interface Filter {
  readonly name: string;
  readonly values: readonly string[];
}

/** A form-encoded request of EC2's Query protocol, where lists are written `Name.1`, `Name.2`, … */
export class QueryParameters {
  readonly #form: URLSearchParams;

  constructor(body: string) {
    this.#form = new URLSearchParams(body);
  }

  /** The call's name (`Action`), '' when there is none. */
  get action(): string {
    return this.#form.get('Action') ?? '';
  }

  text(name: string): string | undefined {
    return this.#form.get(name) ?? undefined;
  }

  /** Throws `MissingParameter` when it is not there. */
  required(name: string): string {
    const value = this.text(name);
    if (value !== undefined) return value;
    throw new ApiError('MissingParameter', `The request must contain the parameter ${name}`);
  }

  /** undefined when it was left out, which for `AllowReassociation` is not the same as false. */
  flag(name: string): boolean | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (value === 'true' || value === 'false') return value === 'true';
    throw new ApiError('InvalidParameterValue', `Value (${value}) for parameter ${name} is invalid.`);
  }

  list(prefix: string): string[] {
    const values: string[] = [];
    for (let index = 1; ; index += 1) {
      const value = this.text(`${prefix}.${index}`);
      if (value === undefined) return values;
      values.push(value);
    }
  }

  filters(): Filter[] {
    const filters: Filter[] = [];
    for (let index = 1; ; index += 1) {
      const name = this.text(`Filter.${index}.Name`);
      if (name === undefined) return filters;
      filters.push({ name, values: this.list(`Filter.${index}.Value`) });
    }
  }

  /** The tags of the first `TagSpecification`; these calls create one resource each. */
  tags(): Record<string, string> {
    const tags: Record<string, string> = {};
    for (let index = 1; ; index += 1) {
      const key = this.text(`TagSpecification.1.Tag.${index}.Key`);
      if (key === undefined) return tags;
      tags[key] = this.text(`TagSpecification.1.Tag.${index}.Value`) ?? '';
    }
  }

  /** Everything but the protocol's own members, for the journal. */
  toRecord(): Record<string, string> {
    const entries = [...this.#form].filter(([name]) => name !== 'Action' && name !== 'Version');
    return Object.fromEntries(entries);
  }
}
