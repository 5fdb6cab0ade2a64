import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

function promtool(): string | null {
  return process.env['LEDGER_TEST_PROMTOOL'] || null;
}

/** Without promtool these tests do not run; the run has said so in one of its first lines. */
export const itWithPromtool = promtool() === null ? it.skip : it;

/** What Prometheus's own tool finds wrong with what a process exports; empty where nothing is. */
export function complaintsAbout(metrics: string): string {
  return run(['check', 'metrics'], metrics);
}

/** The same of a file of rules. */
export function complaintsAboutRules(file: string): string {
  return run(['check', 'rules', file]);
}

/** One test of a file of rules, as promtool reads them. */
export type RuleTest = {
  interval: string;
  input_series: { series: string; values: string }[];
  promql_expr_test: { expr: string; eval_time: string; exp_samples: { labels: string; value: number }[] }[];
};

/** How the rules behave otherwise than the test says; empty where they do not. */
export function testRules(rules: string, test: RuleTest): string {
  // JSON is YAML, too.
  const text = JSON.stringify({ rule_files: [rules], evaluation_interval: '1m', tests: [test] });
  return withFile(text, (file) => run(['test', 'rules', file]));
}

/** The same of expressions, which are read as rules. */
export function complaintsAboutExpressions(expressions: readonly string[]): string {
  const rules = expressions.map((expr, n) => ({ record: `tried:${String(n)}`, expr }));
  return withFile(JSON.stringify({ groups: [{ name: 'tried', rules }] }), complaintsAboutRules);
}

function withFile(text: string, use: (file: string) => string): string {
  const folder = mkdtempSync(join(tmpdir(), 'recording-ledger-rules-'));
  const file = join(folder, 'file.yml');
  writeFileSync(file, text);
  try {
    return use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(promtool() ?? '', args, { input });
  return status === 0 ? '' : `${stdout.toString()}${stderr.toString()}`;
}
