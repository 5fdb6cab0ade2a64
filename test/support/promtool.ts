import { spawnSync } from 'node:child_process';

function promtool(): string | null {
  return process.env['LEDGER_TEST_PROMTOOL'] || null;
}

/** Without promtool these tests do not run; the run has said so in one of its first lines. */
export const itWithPromtool = promtool() === null ? it.skip : it;

/** What Prometheus's own tool finds wrong with what a process exports; empty where nothing is. */
export function complaintsAbout(metrics: string): string {
  const { status, stdout, stderr } = spawnSync(promtool() ?? '', ['check', 'metrics'], { input: metrics });
  return status === 0 ? '' : `${stdout.toString()}${stderr.toString()}`;
}
