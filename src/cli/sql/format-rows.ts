import { stringify } from 'csv-stringify/sync';

export const ROW_FORMATS = ['table', 'csv', 'json'] as const;
export type RowFormat = (typeof ROW_FORMATS)[number];

/** An answer of Postgres, every value as Postgres writes it. */
export type Answer = { columns: readonly AnswerColumn[]; rows: readonly (readonly (string | null)[])[] };
/** `type`: its number in `pg_type`. */
export type AnswerColumn = { name: string; type: number };

export function formatRows(answer: Answer, format: RowFormat): string {
  if (format === 'csv') return csv(answer);
  return format === 'json' ? json(answer) : table(answer);
}

function csv({ columns, rows }: Answer): string {
  return stringify(
    rows.map((row) => [...row]),
    { header: true, columns: columns.map(({ name }) => name) },
  );
}

function table({ columns, rows }: Answer): string {
  const cells = rows.map((row) => row.map((value) => (value ?? '').replaceAll(/\r?\n/g, '↵')));
  const widths = columns.map(({ name }, n) => Math.max(name.length, ...cells.map((row) => row[n]?.length ?? 0)));
  const line = (values: readonly string[], pad: (text: string, n: number) => string): string =>
    ` ${values.map(pad).join(' | ')}`.trimEnd();
  const isNumber = columns.map(({ type }) => NUMBERS.has(type));
  const padded = (text: string, n: number): string =>
    isNumber[n] === true ? text.padStart(widths[n] ?? 0) : text.padEnd(widths[n] ?? 0);
  return [
    line(
      columns.map(({ name }) => name),
      (text, n) => text.padEnd(widths[n] ?? 0),
    ),
    widths.map((width) => '-'.repeat(width + 2)).join('+'),
    ...cells.map((row) => line(row, padded)),
    `(${String(rows.length)} ${rows.length === 1 ? 'row' : 'rows'})`,
    '',
  ].join('\n');
}

/** @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/include/catalog/pg_type.dat */
const [BOOLEAN, BIGINT, SMALLINT, INTEGER, JSON_TEXT, REAL, DOUBLE, NUMERIC, JSONB] = [
  16, 20, 21, 23, 114, 700, 701, 1700, 3802,
];
const NUMBERS: ReadonlySet<number> = new Set([BIGINT, SMALLINT, INTEGER, REAL, DOUBLE, NUMERIC]);

function json({ columns, rows }: Answer): string {
  const objects = rows.map((row) =>
    Object.fromEntries(columns.map(({ name, type }, n) => [name, jsonValue(row[n] ?? null, type)])),
  );
  return `${JSON.stringify(objects, null, 2)}\n`;
}

function jsonValue(text: string | null, type: number): unknown {
  if (text === null) return null;
  if (type === BOOLEAN) return text === 't';
  if (type === JSON_TEXT || type === JSONB) return JSON.parse(text) as unknown;
  // A number that JSON would round, and those that it has no word for, stay text.
  const isKept = NUMBERS.has(type) && Number.isFinite(Number(text)) && !/\d{16}/.test(text);
  return isKept ? Number(text) : text;
}
