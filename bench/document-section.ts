import { readFileSync, writeFileSync } from 'node:fs';

const DOCUMENT = new URL('../../docs/benchmarks.md', import.meta.url);

/** Renews what docs/benchmarks.md tells of a benchmark, between the marks that it has for it. */
export function writeSection(name: string, text: string): void {
  const begin = `<!-- ${name}: written by \`npm run bench -- ${name} --write\` -->`;
  const end = `<!-- /${name} -->`;
  const document = readFileSync(DOCUMENT, 'utf8');
  const [before] = document.split(begin);
  const after = document.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/benchmarks.md has no ${begin}`);
  writeFileSync(DOCUMENT, `${before}${begin}\n\n${text}\n\n${end}${after}`);
}

type Align = 'left' | 'right';

/** A table in Markdown; columns are as wide as Prettier makes them. */
export function markdownTable(columns: readonly (readonly [string, Align])[], rows: readonly string[][]): string {
  const widths = columns.map(([title], n) => Math.max(3, title.length, ...rows.map((row) => (row[n] ?? '').length)));
  const pad = (text: string, n: number): string => {
    const width = widths[n] ?? 0;
    return columns[n]?.[1] === 'right' ? text.padStart(width) : text.padEnd(width);
  };
  const rule = columns.map(([, align], n) => {
    const width = widths[n] ?? 0;
    return align === 'right' ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width);
  });
  const lines = [columns.map(([title]) => title), ...rows].map((cells) => cells.map(pad));
  return [lines[0] ?? [], rule, ...lines.slice(1)].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
