import pg from 'pg';
import { formatRows, type RowFormat } from './format-rows.js';

/** Runs one statement or several, and returns what they answered as text. */
export async function runStatement(client: pg.Client, sql: string, format: RowFormat): Promise<string> {
  const asWritten = { getTypeParser: () => (text: string) => text };
  const result = await client.query<(string | null)[]>({ text: sql, rowMode: 'array', types: asWritten });
  // Several statements have several results, which the driver's types do not tell.
  const results = Array.isArray(result) ? (result as (typeof result)[]) : [result];
  return results.map((one) => told(one, format)).join('');
}

function told({ fields, rows, command }: pg.QueryArrayResult<(string | null)[]>, format: RowFormat): string {
  if (fields.length === 0) return `${command}\n`;
  return formatRows({ columns: fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })), rows }, format);
}

const VIEWS = `
select c.relname as view, coalesce(obj_description(c.oid, 'pg_class'), '') as "what it is"
from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname = 'reporting' and c.relkind = 'v' order by 1`;

const COLUMNS = `
select a.attname as "column", pg_catalog.format_type(a.atttypid, null) as type,
       coalesce(pg_catalog.col_description(a.attrelid, a.attnum), '') as "what it is"
from pg_catalog.pg_attribute as a join pg_catalog.pg_class as c on c.oid = a.attrelid
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname = 'reporting' and c.relname = $1 and a.attnum > 0 order by a.attnum`;

/** The views; or the columns of one of them. */
export async function describe(client: pg.Client, view: string | null): Promise<string> {
  const query = {
    rowMode: 'array' as const,
    text: view === null ? VIEWS : COLUMNS,
    values: view === null ? [] : [view],
  };
  const { fields, rows } = await client.query<string[]>(query);
  if (view !== null && rows.length === 0) return `There is no view ${view}: \\d lists them.\n`;
  return formatRows({ columns: fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })), rows }, 'table');
}

/** What Postgres says is wrong with a statement, and where. */
export function errorText(error: unknown, sql: string): string {
  if (!(error instanceof pg.DatabaseError)) return `${error instanceof Error ? error.message : String(error)}\n`;
  const { position, hint } = error;
  const lines = [`ERROR: ${error.message}`, ...(hint === undefined ? [] : [`HINT: ${hint}`])];
  const at = Number(position);
  if (Number.isInteger(at) && at > 0) lines.splice(1, 0, ...pointTo(sql, at - 1));
  return `${lines.join('\n')}\n`;
}

function pointTo(sql: string, offset: number): string[] {
  const before = sql.slice(0, offset);
  const begin = before.lastIndexOf('\n') + 1;
  const line = sql.slice(begin).split('\n', 1)[0] ?? '';
  return [`  ${line}`, `  ${' '.repeat(offset - begin)}^`];
}
