import type { Progress } from '../simulator/run-simulation.js';
import type { Percentiles, Score } from '../simulator/score.js';

/** One line of progress; on a terminal it overwrites itself. */
export function progressLine(progress: Progress): string {
  const { started, over, known, queries, worstSecond, notifications } = progress;
  const seconds = String(Math.round(progress.elapsedMs / 1000)).padStart(4);
  return `${seconds} s  ${String(started)} sessions, ${String(over)} over, ${String(known)} known to be; ${String(notifications.acknowledged)} notifications; ${String(queries)} queries, worst second ${String(worstSecond)}`;
}

/** Compares the ledger with the truth. */
export function scoreTable(score: Score, progress: Progress): string {
  const { notifications } = progress;
  const rows: [string, string][] = [
    ['sessions', `${String(score.sessions)}, of which over ${String(score.over)}`],
    ['wrong ends', String(score.wrongEnds)],
    ['forgotten sessions', String(score.forgotten)],
    ['wrong outcomes', String(score.wrongOutcomes)],
    ['time to truth', inSeconds(score.timeToTruth)],
    ['  exit notice lost', inSeconds(score.timeToTruthUnheard)],
    ['queries used', String(progress.queries)],
    ['worst second', String(progress.worstSecond)],
    ['seconds above the limit', String(progress.overLimit)],
    ['notifications', `${String(notifications.acknowledged)} acknowledged, ${String(notifications.givenUp)} given up`],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(26)}${value}`).join('\n');
}

function inSeconds({ p50, p95, p99, max }: Percentiles): string {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  return `p50 ${seconds(p50)}, p95 ${seconds(p95)}, p99 ${seconds(p99)}, longest ${seconds(max)}`;
}

/** True if nothing happened that must never happen. */
export function isPerfect(score: Score, progress: Progress): boolean {
  return score.wrongEnds === 0 && score.forgotten === 0 && progress.overLimit === 0;
}
