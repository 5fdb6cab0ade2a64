import fc from 'fast-check';
import { liveVirtually, type VirtualLife } from '../../support/virtual-session.js';
import { FELT } from '../../support/worlds/felt.js';
import { worlds, type World } from '../../support/worlds/moves.js';
import { brokenRules } from '../../support/worlds/oracles/all.js';

/** 100,000 by `npm run test:long`. A failing world is printed, and is all it takes to see it again. */
const CASES = Number(process.env['WORLD_CASES'] ?? 3_000);
/** Another one with every run, and printed; the same one lives the same worlds again. */
const SEED = Number(process.env['WORLD_SEED'] ?? Date.now() % 0x7fffffff);
/** Counts broken worlds instead of stopping at the first one: a tool for changing a rule. */
const COUNTS_ONLY = process.env['WORLD_COUNTS'] !== undefined;
/** A world takes about ten milliseconds; five times that, and never less than two minutes. */
const TIMEOUT_MS = Math.max(120_000, CASES * 50);
/** A move that is felt more rarely than this is not tested. */
const LEAST_SHARE = 0.01;
/** Below this a share of one in a hundred says nothing. */
const ENOUGH_CASES = 1_000;

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function table(title: string, counts: ReadonlyMap<string, number>, of: number): string {
  const rows = [...counts].sort(([, a], [, b]) => b - a);
  const lines = rows.map(([name, n]) => `  ${((100 * n) / of).toFixed(1).padStart(5)} %  ${name}`);
  return [title, ...lines].join('\n');
}

/** Throws what is wrong, as one message with every rule that is broken. */
function check(life: VirtualLife, broken: Map<string, number>): void {
  const wrong = brokenRules(life);
  for (const { rule } of wrong) count(broken, rule);
  if (wrong.length === 0 || COUNTS_ONLY) return;
  throw new Error(wrong.map(({ rule, messages }) => `${rule}:\n  ${messages.join('\n  ')}`).join('\n'));
}

/** The world that failed, as small as it could be made, and every rule that it breaks. */
function reportOf(found: fc.RunDetails<[World]>): string {
  const reasons = found.errorInstance instanceof Error ? found.errorInstance.message : '';
  return `${reasons}\n\n${fc.defaultReportMessage(found) ?? ''}`;
}

it(
  `the contract's rules hold in ${String(CASES)} hostile worlds`,
  () => {
    const felt = new Map(Object.keys(FELT).map((move) => [move, 0]));
    const broken = new Map<string, number>();
    let lived = 0;
    const property = fc.property(worlds, (world) => {
      const life = liveVirtually(world);
      lived += 1;
      for (const [move, isFelt] of Object.entries(FELT)) if (isFelt(life)) count(felt, move);
      check(life, broken);
    });
    const found = fc.check(property, { numRuns: CASES, seed: SEED });
    process.stdout.write(`seed ${String(SEED)}\n${table(`moves felt in ${String(lived)} worlds`, felt, lived)}\n`);
    if (COUNTS_ONLY) process.stdout.write(`${table('worlds that broke', broken, lived)}\n`);
    if (found.failed) throw new Error(reportOf(found));
    const rare = [...felt].filter(([, n]) => n < LEAST_SHARE * lived).map(([name]) => name);
    if (lived >= ENOUGH_CASES) expect(rare).toEqual([]);
  },
  TIMEOUT_MS,
);
