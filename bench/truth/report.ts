import { readFileSync, writeFileSync } from 'node:fs';
import { percentiles } from '../../src/simulator/score.js';
import { drawCurves } from './draw-curves.js';
import { HOURS, ratios, SEEDS, type TruthRow } from './truth-row.js';

const DOCUMENT = new URL('../../../docs/benchmarks.md', import.meta.url);
const PICTURE = new URL('../../../docs/truth.svg', import.meta.url);
const BEGIN = '<!-- truth: written by `npm run bench -- truth --write` -->';
const END = '<!-- /truth -->';
const DRAWN = 5_000;

/** Renews the section of docs/benchmarks.md and the picture beside it. */
export function writeReport(rows: readonly TruthRow[]): void {
  const text = readFileSync(DOCUMENT, 'utf8');
  const [before] = text.split(BEGIN);
  const after = text.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/benchmarks.md has no ${BEGIN}`);
  const sections = [seedLine(), ratioTable(rows), ...groups(rows).map(resultTable)];
  writeFileSync(DOCUMENT, `${before}${BEGIN}\n\n${sections.join('\n\n')}\n\n${END}${after}`);
  writeFileSync(PICTURE, picture(rows));
}

function seedLine(): string {
  return `Seeds ${SEEDS.join(', ')}, ${String(HOURS)} hours each, all ends of the three runs together. Times in seconds.`;
}

function ratioTable(rows: readonly TruthRow[]): string {
  const lines = ratios(rows).map(
    ({ sessions, setting, p95, p99 }) =>
      `| ${sessions.toLocaleString('en')} | ${setting} | ${p95.toFixed(2)} | ${p99.toFixed(2)} |`,
  );
  return [
    'Ours as a share of round-robin, of all ends:',
    '',
    '| sessions | setting | p95 | p99 |',
    '| ---: | --- | ---: | ---: |',
    ...lines,
  ].join('\n');
}

type Group = { sessions: number; setting: string; rows: readonly TruthRow[] };

function groups(rows: readonly TruthRow[]): Group[] {
  const keys = new Map(rows.map(({ sessions, setting }) => [`${String(sessions)} ${setting}`, { sessions, setting }]));
  return [...keys.values()].map((key) => ({
    ...key,
    rows: rows.filter(({ sessions, setting }) => sessions === key.sessions && setting === key.setting),
  }));
}

function resultTable({ sessions, setting, rows }: Group): string {
  const header =
    '| policy | p50 | p95 | p99 | max | unheard p50 | p95 | p99 | max | wrong ends | queries | beyond the bound |';
  const rule = `| --- |${' ---: |'.repeat(11)}`;
  return [`**${sessions.toLocaleString('en')} sessions, ${setting}**`, '', header, rule, ...rows.map(resultLine)].join(
    '\n',
  );
}

function resultLine({ policy, result }: TruthRow): string {
  const times = [result.delays, result.unheard].flatMap((delays) => {
    const { p50, p95, p99, max } = percentiles(delays);
    return [p50, p95, p99, max].map((seconds) => seconds.toFixed(seconds < 10 ? 1 : 0));
  });
  const counts = [result.wrongEnds, result.queries].map((count) => count.toLocaleString('en'));
  return `| ${[policy, ...times, ...counts, result.boundBroken.toFixed(0)].join(' | ')} |`;
}

/** How many of the ends that no notification told of are known after how long. */
function picture(rows: readonly TruthRow[]): string {
  const panels = groups(rows)
    .filter(({ sessions }) => sessions === DRAWN)
    .map(({ setting, rows: group }) => ({
      title: `${DRAWN.toLocaleString('en')} sessions, ${setting}`,
      curves: group.map(({ policy, result }) => ({ name: policy, values: result.unheard })),
    }));
  return drawCurves('Ends that no notification told of: share known after so many seconds', panels, 1_800);
}
