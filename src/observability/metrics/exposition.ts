import { METRICS, type MetricKey } from './definitions.ts';
import type { Histogram } from './histogram.ts';

/** Values in the order of the labels in the definition. */
type LabelValues = readonly (string | number)[];

/**
 * The text format of Prometheus, version 0.0.4, of what is added to it. Only what is defined can be added; a
 * metric without any sample is left out.
 */
export class Exposition {
  readonly #samples = new Map<MetricKey, string[]>();

  add(key: MetricKey, value: number | boolean, ...labels: LabelValues): void {
    const { name } = METRICS[key];
    this.#lines(key).push(`${name}${this.#labelsOf(key, labels)} ${numberText(Number(value))}`);
  }

  addHistogram(key: MetricKey, histogram: Histogram, ...labels: LabelValues): void {
    const { name } = METRICS[key];
    const { buckets, sum } = histogram.read();
    const lines = this.#lines(key);
    for (const [bound, count] of buckets)
      lines.push(`${name}_bucket${this.#labelsOf(key, labels, `le="${bound}"`)} ${count}`);
    const own = this.#labelsOf(key, labels);
    lines.push(`${name}_sum${own} ${numberText(sum)}`, `${name}_count${own} ${buckets.at(-1)?.[1] ?? 0}`);
  }

  text(): string {
    let text = '';
    for (const [key, lines] of this.#samples) {
      const { name, type, help } = METRICS[key];
      text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`;
    }
    return text;
  }

  #lines(key: MetricKey): string[] {
    const known = this.#samples.get(key);
    if (known !== undefined) return known;
    const lines: string[] = [];
    this.#samples.set(key, lines);
    return lines;
  }

  #labelsOf(key: MetricKey, values: LabelValues, bound = ''): string {
    const { labels } = METRICS[key];
    const pairs = labels.map((label, place) => `${label}="${escaped(String(values[place] ?? ''))}"`);
    if (bound !== '') pairs.push(bound);
    return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
  }
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const numberText = (value: number): string => (value === Number.POSITIVE_INFINITY ? '+Inf' : String(value));
