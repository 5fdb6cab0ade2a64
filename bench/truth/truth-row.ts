import { percentiles } from '../../src/simulator/score.js';
import { OURS, ROUND_ROBIN } from './policies.js';
import type { RunResult } from './run-policy.js';

export const SEEDS = [1, 2, 3];
export const HOURS = 6;

/** The same seeds of a policy in one setting and size, taken together. */
export type TruthRow = { setting: string; sessions: number; policy: string; result: RunResult };

export type Ratio = { sessions: number; setting: string; p95: number; p99: number };

/** Ours as a share of round-robin's, of all ends. */
export function ratios(rows: readonly TruthRow[]): Ratio[] {
  const ours = rows.filter(({ policy }) => policy === OURS);
  return ours.flatMap(({ sessions, setting, result }) => {
    const other = rows.find(
      (row) => row.policy === ROUND_ROBIN && row.sessions === sessions && row.setting === setting,
    );
    if (other === undefined) return [];
    const [a, b] = [percentiles(result.delays), percentiles(other.result.delays)];
    return [{ sessions, setting, p95: a.p95 / b.p95, p99: a.p99 / b.p99 }];
  });
}
