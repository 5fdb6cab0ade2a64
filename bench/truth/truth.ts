import { percentiles } from '../../src/simulator/score.js';
import { OURS, POLICIES, ROUND_ROBIN } from './policies.js';
import { PURPOSES, runPolicy, type RunResult } from './run-policy.js';
import { writeReport } from './report.js';
import { splitOfSlowest } from './slowest.js';
import { HOURS, ratios, SEEDS, type TruthRow } from './truth-row.js';
import { createWorld } from './world.js';

const SIZES = [500, 2_000, 5_000, 20_000];

/** What is varied beside the size. The tails are run for the two policies that they are about. */
const SETTINGS = [
  { name: 'no outages', outages: false, tail: 0, policies: POLICIES },
  { name: 'outages', outages: true, tail: 0, policies: POLICIES },
  {
    name: 'heartbeats outlive by 120 s',
    outages: false,
    tail: 120,
    policies: POLICIES.filter(({ name }) => name === ROUND_ROBIN || name === OURS),
  },
  {
    name: 'heartbeats outlive by 600 s',
    outages: false,
    tail: 600,
    policies: POLICIES.filter(({ name }) => name === ROUND_ROBIN || name === OURS),
  },
] as const;

/**
 * How soon an end is known, in virtual time: the service's planner and fold against other policies.
 * `--write` renews docs/benchmarks.md and its picture; sizes may be given as further arguments.
 */
export function truth(args: readonly string[]): Promise<void> {
  const { sizes, settings, seeds, policyWord, showsSlowest } = readChoice(args);
  const rows: TruthRow[] = [];
  for (const sessions of sizes) {
    for (const { name: setting, outages, tail, policies } of settings) {
      process.stdout.write(`\n${String(sessions)} sessions, ${setting}\n`);
      for (const maker of policies.filter(({ name }) => name.includes(policyWord))) {
        const results = seeds.map((seed) =>
          runPolicy(createWorld({ seed, sessions, hours: HOURS, tail, outages }), maker),
        );
        const row = { setting, sessions, policy: maker.name, result: together(results) };
        rows.push(row);
        process.stdout.write(`${lineOf(row)}\n`);
        if (showsSlowest) process.stdout.write(splitOfSlowest(row.result, { outages }));
      }
    }
  }
  report(rows);
  if (args.includes('--write')) writeReport(rows);
  return Promise.resolve();
}

/** `--setting=outages`, `--policy=ours`, `--seeds=1,2` choose a part of it; `--slowest` says what its slowest ends waited for. */
function readChoice(args: readonly string[]) {
  const valueOf = (name: string): string | undefined =>
    args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  const asked = args.map(Number).filter((size) => SIZES.includes(size));
  const setting = valueOf('setting');
  return {
    sizes: asked.length > 0 ? asked : SIZES,
    settings: SETTINGS.filter(({ name }) => setting === undefined || name === setting),
    policyWord: valueOf('policy') ?? '',
    seeds: valueOf('seeds')?.split(',').map(Number) ?? SEEDS,
    showsSlowest: args.includes('--slowest'),
  };
}

function together(results: readonly RunResult[]): RunResult {
  const sum = (pick: (result: RunResult) => number): number =>
    results.reduce((total, result) => total + pick(result), 0);
  return {
    delays: results.flatMap(({ delays }) => delays),
    unheard: results.flatMap(({ unheard }) => unheard),
    wrongEnds: sum(({ wrongEnds }) => wrongEnds),
    queries: sum(({ queries }) => queries),
    asked: {
      start: sum(({ asked }) => asked.start),
      'first look': sum(({ asked }) => asked['first look']),
      'last look': sum(({ asked }) => asked['last look']),
      'run of 404s': sum(({ asked }) => asked['run of 404s']),
      live: sum(({ asked }) => asked.live),
    },
    boundBroken: Math.max(...results.map(({ boundBroken }) => boundBroken)),
    spent: results.flatMap(({ spent }) => spent),
    traces: results.flatMap(({ traces }) => traces),
  };
}

function lineOf({ policy, result }: TruthRow): string {
  const all = percentiles(result.delays);
  const unheard = percentiles(result.unheard);
  const show = (seconds: number): string => seconds.toFixed(seconds < 10 ? 1 : 0).padStart(6);
  return `  ${policy.padEnd(32)} all ${[all.p50, all.p95, all.p99, all.max].map(show).join('')}   exit unheard ${[unheard.p50, unheard.p95, unheard.p99, unheard.max].map(show).join('')}   wrong ${String(result.wrongEnds)}, queries ${String(result.queries)}, bound exceeded by ${result.boundBroken.toFixed(0)} s\n${' '.repeat(35)}asked ${askedFor(result)}`;
}

/** Per session that ended and was counted; what was asked before and after those is among it. */
function askedFor({ asked, delays }: RunResult): string {
  return PURPOSES.map((purpose) => `${purpose} ${(asked[purpose] / delays.length).toFixed(2)}`).join(', ');
}

/** Ours as a share of round-robin's. */
function report(rows: readonly TruthRow[]): void {
  process.stdout.write('\nours / round-robin, of all ends\n');
  for (const { sessions, setting, p95, p99 } of ratios(rows)) {
    process.stdout.write(
      `  ${String(sessions).padStart(6)}  ${setting.padEnd(30)} p95 ${p95.toFixed(2)}  p99 ${p99.toFixed(2)}\n`,
    );
  }
}
