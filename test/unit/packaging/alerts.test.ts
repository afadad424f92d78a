import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { METRICS } from '../../../src/observability/metrics/definitions.ts';
import { describeWhere, missingPrograms } from '../../support/describe-where.ts';

const RULES = fileURLToPath(new URL('../../../packaging/alerts.yaml', import.meta.url));
const CASES = fileURLToPath(new URL('alerts.promtool.yaml', import.meta.url));

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}
const rules = (parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);

describe('the alarms', () => {
  it('ask only for metrics and labels that are served', () => {
    const served = new Map<string, readonly string[]>(
      Object.values(METRICS).map(({ name, labels }) => [name, labels]),
    );
    for (const { expr } of rules) {
      for (const [, name = '', matchers = ''] of expr.matchAll(/\b(eipkeeper_[a-z_]+)(?:\{([^}]*)\})?/g)) {
        const labels = served.get(name.replace(/_(bucket|sum|count)$/, '')) ?? served.get(name);
        expect(labels, name).toBeDefined();
        const asked = [...matchers.matchAll(/(\w+)=/g)].map((match) => match[1]!);
        expect(asked.filter((label) => label !== 'le' && !labels?.includes(label))).toEqual([]);
      }
    }
  });

  it('each say what is, what to do, and how bad it is', () => {
    for (const { alert, labels, annotations } of rules) {
      expect(['info', 'warning', 'critical'], alert).toContain(labels.severity);
      expect(annotations.summary.length, alert).toBeLessThan(120);
      expect(annotations.description, alert).toMatch(/[.]$/);
    }
  });

  it('are each brought by a case', () => {
    const cases = readFileSync(CASES, 'utf8');
    expect(
      rules.map(({ alert }) => alert).filter((alert) => !cases.includes(`alertname="${alert}"`)),
    ).toEqual([]);
  });
});

describeWhere(missingPrograms({ promtool: 'prometheus' }), 'promtool', () => {
  it.each([
    ['reads the rules', ['check', 'rules', RULES]],
    ['sees each alarm raised by its fault, and none by a pair that is well', ['test', 'rules', CASES]],
  ])('%s', (_, words) => {
    const { status, stdout, stderr } = spawnSync('promtool', words, { encoding: 'utf8' });
    expect(stdout + stderr).toContain('SUCCESS');
    expect(status).toBe(0);
  });
});
