import { GLANCE, ROWS } from '../../deploy/grafana/panels.js';
import { createMetrics } from '../../src/observability/metrics.js';
import { complaintsAboutExpressions, itWithPromtool } from '../support/promtool.js';

const PANELS = [...GLANCE, ...ROWS.flatMap(({ panels }) => panels)];
const EXPRESSIONS = PANELS.flatMap(({ targets }) => targets.map(({ expr }) => expr));

/** Prometheus's own series beside those that it scrapes. */
const PROMETHEUS_OWN = ['ALERTS'];

/** Metrics that an expression names, without what a histogram adds to its name. */
function metricsIn(expr: string): string[] {
  const names = expr.match(/\brecording_ledger_\w+|\bALERTS\b/g) ?? [];
  return names.map((name) => name.replace(/_(bucket|sum|count)$/, ''));
}

async function exportedMetrics(): Promise<string[]> {
  const text = await createMetrics().registry.metrics();
  return [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name);
}

describe('the dashboard', () => {
  it('has a title and an expression in every panel, and every name once', () => {
    const titles = PANELS.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
    expect(PANELS.filter(({ title, targets }) => title === '' || targets.length === 0)).toEqual([]);
    expect(PANELS.length).toBeGreaterThan(30);
  });

  it('shows only metrics that are exported', async () => {
    const exported = [...(await exportedMetrics()), ...PROMETHEUS_OWN];
    for (const expr of EXPRESSIONS) {
      expect(metricsIn(expr)).not.toEqual([]);
      expect([expr, metricsIn(expr).filter((name) => !exported.includes(name))]).toEqual([expr, []]);
    }
  });

  it('shows every metric of ours', async () => {
    const shown = new Set(EXPRESSIONS.flatMap(metricsIn));
    const ours = (await exportedMetrics()).filter((name) => !/^recording_ledger_(nodejs|process)_/.test(name));
    expect(ours.filter((name) => !shown.has(name))).toEqual([]);
    expect(ours.length).toBeGreaterThan(35);
  });

  itWithPromtool('has expressions that Prometheus can read', () => {
    expect(complaintsAboutExpressions(EXPRESSIONS.map((expr) => expr.replaceAll('$__rate_interval', '1m')))).toBe('');
  });
});
