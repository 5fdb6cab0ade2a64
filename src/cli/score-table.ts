import type { Progress } from '../simulator/run-simulation.js';
import type { Percentiles, Score } from '../simulator/score.js';

/** One line of progress; on a terminal it overwrites itself. */
export function progressLine(progress: Progress): string {
  const { started, over, known, queries, worstSecond, notifications } = progress;
  const seconds = String(Math.round(progress.elapsedMs / 1000)).padStart(4);
  return `${seconds} s  ${count(started, 'session')}, ${String(over)} over, ${String(known)} known to be; ${count(notifications.acknowledged, 'notification')}; ${count(queries, 'query', 'queries')}, at most ${String(worstSecond)} a second`;
}

/** Compares the ledger with the truth. `limit`: the queries a second that the simulated Agora allows. */
export function scoreTable(score: Score, progress: Progress, limit: number): string {
  const { notifications } = progress;
  const rows: [string, string][] = [
    ['sessions', `${String(score.sessions)}, of which over ${String(score.over)}`],
    ['wrong ends', String(score.wrongEnds)],
    ['forgotten sessions', String(score.forgotten)],
    ['wrong outcomes', String(score.wrongOutcomes)],
    ['time to truth', inSeconds(score.timeToTruth)],
    ['  exit notice lost', inSeconds(score.timeToTruthUnheard)],
    ['queries used', String(progress.queries)],
    ['worst second', `${count(progress.worstSecond, 'query', 'queries')}, of ${String(limit)} allowed`],
    ['queries above the limit', String(progress.overLimit)],
    ['notifications', `${String(notifications.acknowledged)} acknowledged, ${String(notifications.givenUp)} given up`],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(26)}${value}`).join('\n');
}

function count(n: number, one: string, many = `${one}s`): string {
  return `${String(n)} ${n === 1 ? one : many}`;
}

function inSeconds({ p50, p95, p99, max }: Percentiles): string {
  if (max === 0) return 'none';
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  return `p50 ${seconds(p50)}, p95 ${seconds(p95)}, p99 ${seconds(p99)}, longest ${seconds(max)}`;
}

/** What happened that must never happen; empty if the ledger was right. */
export function faultsOf(score: Score, progress: Progress): string[] {
  const { wrongEnds, forgotten, wrongOutcomes } = score;
  const faults: [n: number, inWords: string][] = [
    [wrongEnds, `${count(wrongEnds, 'time')} a session was called over while it lived`],
    [forgotten, `${count(forgotten, 'session')} over for long and not known to be`],
    [wrongOutcomes, `${count(wrongOutcomes, 'outcome')} mistaken`],
    [progress.overLimit, `${count(progress.overLimit, 'query', 'queries')} above the limit`],
  ];
  return faults.filter(([n]) => n > 0).map(([, inWords]) => inWords);
}

/** The table's last line. */
export function verdictLine(score: Score, progress: Progress): string {
  const faults = faultsOf(score, progress);
  return faults.length === 0
    ? '  Perfect: no living session was called over, no end stayed unknown, and no query exceeded the limit.'
    : `  Not perfect: ${faults.join('; ')}.`;
}
