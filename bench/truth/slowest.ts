import { PURPOSES, type RunResult, type Trace } from './run-policy.js';
import { isDark, outageEndAfter } from './world.js';

const SHARES = [0.01, 0.03];
const AFTERMATH = 300;

type World = { outages: boolean };

/** What the slowest ends waited for, and what was asked meanwhile. */
export function splitOfSlowest({ traces, spent }: RunResult, world: World): string {
  const sorted = traces.toSorted((a, b) => b.delay - a.delay);
  const lines = SHARES.flatMap((share) => {
    const slowest = sorted.slice(0, Math.ceil(sorted.length * share));
    const least = slowest.at(-1)?.delay ?? 0;
    return [
      `  slowest ${String(share * 100)} % (${String(slowest.length)} ends, ${least.toFixed(0)} s and more):`,
      ...wait(slowest, world),
    ];
  });
  return [...lines, ...budget(spent, world), ''].join('\n');
}

function wait(slowest: readonly Trace[], world: World): string[] {
  const stages = slowest.map((trace) => stagesOf(trace, world));
  const mean = (pick: (one: (typeof stages)[number]) => number): string =>
    (stages.reduce((sum, one) => sum + pick(one), 0) / stages.length).toFixed(0);
  const count = (holds: (one: (typeof stages)[number]) => boolean): string => String(stages.filter(holds).length);
  return [
    `    mean seconds: until the outage was over or it was asked about ${mean(({ dark }) => dark)}, then until the first 404 ${mean(({ first }) => first)}, to the second ${mean(({ second }) => second)}, to the one that proved it ${mean(({ rest }) => rest)}`,
    `    ended in an outage ${count(({ dark }) => dark > 0)}, first 404 in an outage ${count(({ foundDark }) => foundDark)}, more than three queries ${count(({ asks }) => asks > 3)}`,
  ];
}

function stagesOf({ truth, asks, delay }: Trace, world: World) {
  const [first = truth.end + delay, second = first] = asks;
  const over = isDark(truth.end, world) ? Math.min(outageEndAfter(truth.end), first) : truth.end;
  return {
    dark: over - truth.end,
    first: first - over,
    second: second - first,
    rest: truth.end + delay - second,
    asks: asks.filter((at) => at < truth.end + delay + 1).length,
    foundDark: isDark(first, world),
  };
}

function budget(spent: RunResult['spent'], world: World): string[] {
  const phases = ['outage', 'five minutes after', 'otherwise'] as const;
  const phaseOf = (at: number): (typeof phases)[number] => {
    if (isDark(at, world)) return 'outage';
    return isDark(at - AFTERMATH, world) ? 'five minutes after' : 'otherwise';
  };
  const all = spent.map(({ at, purpose }) => ({ phase: phaseOf(at), purpose }));
  return phases.map((phase) => {
    const these = all.filter((one) => one.phase === phase);
    const shares = PURPOSES.map((purpose) => {
      const share = these.filter((one) => one.purpose === purpose).length / Math.max(these.length, 1);
      return `${purpose} ${(share * 100).toFixed(0)} %`;
    });
    return `    asked ${phase}: ${shares.join(', ')}`;
  });
}
