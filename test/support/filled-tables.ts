import type pg from 'pg';

type Column = { name: string; type: string };

/** What is kept in a table: its columns, those of them that are written, and its rows as JSON. */
export type TableContent = {
  table: string;
  columns: readonly string[];
  written: readonly Column[];
  rows: readonly unknown[];
};

const ROWS = 3;

/** Values that a table's own constraints ask for. */
const CONSTRAINED: Readonly<Record<string, string | null>> = {
  'sessions.state': 'recording',
  'sessions.outcome': null,
  'webhook_deliveries.endpoint_id': 'id 1',
  'webhook_deliveries.state': 'parked',
  'webhook_endpoints.state': 'active',
  'webhook_endpoints.paused_because': null,
};

/** Every table of the ledger, those that others refer to first; partitions are read through theirs. */
export async function listTables(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
       and relname <> '_prisma_migrations'
     order by exists (select from pg_constraint where conrelid = pg_class.oid and contype = 'f'), relname`,
  );
  return rows.map(({ name }) => name);
}

/** Writes a few rows, every column of them, into each table that is empty. */
export async function fillTables(client: pg.Client): Promise<void> {
  for (const table of await listTables(client)) {
    const { rowCount } = await client.query(`select from "${table}" limit 1`);
    if (rowCount === 0) await fillTable(client, table);
  }
}

async function fillTable(client: pg.Client, table: string): Promise<void> {
  const columns = await listWritten(client, table);
  for (let n = 1; n <= ROWS; n += 1) await insertRow(client, table, columns, n);
}

async function insertRow(client: pg.Client, table: string, columns: readonly Column[], n: number): Promise<void> {
  const names = columns.map(({ name }) => `"${name}"`).join(', ');
  const values = columns.map(({ type }, i) => `$${String(i + 1)}::text::${type}`).join(', ');
  await client.query(
    `insert into "${table}" (${names}) values (${values})`,
    columns.map((column) => valueOf(table, column, n)),
  );
}

/** Numbers that the database gives out are left to it. */
async function listWritten(client: pg.Client, table: string): Promise<Column[]> {
  const { rows } = await client.query<Column>(
    `select attname as name, format_type(atttypid, atttypmod) as type
     from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
     where attrelid = $1::regclass and attnum > 0 and not attisdropped and attidentity = '' and attgenerated = ''
       and coalesce(pg_get_expr(adbin, adrelid), '') not like 'nextval(%'
     order by attnum`,
    [`"${table}"`],
  );
  return rows;
}

function valueOf(table: string, { name, type }: Column, n: number): string | null {
  const constrained = CONSTRAINED[`${table}.${name}`];
  if (constrained !== undefined) return constrained;
  if (type === 'text' || type.startsWith('character varying')) return `${name} ${String(n)}`;
  if (type === 'uuid') return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
  if (['smallint', 'integer', 'bigint', 'numeric', 'double precision'].includes(type)) return String(n);
  if (type === 'boolean') return String(n % 2 === 0);
  if (type.startsWith('timestamp')) return `2026-11-20T00:00:0${String(n)}.123Z`;
  if (type === 'date') return `2026-11-0${String(n)}`;
  if (type === 'json' || type === 'jsonb') return `{"n": ${String(n)}}`;
  if (type === 'bytea') return `\\x0${String(n)}`;
  if (type.endsWith('[]')) return '{}';
  throw new Error(`${table}.${name} is of type ${type}: say here what is a value of that`);
}

/** What stands in every table. */
export async function readTables(client: pg.Client): Promise<TableContent[]> {
  const contents: TableContent[] = [];
  for (const table of await listTables(client)) {
    const { rows, fields } = await client.query(`select * from "${table}"`);
    const asJson = await client.query<{ row: unknown }>(`select to_jsonb(kept) as row from "${table}" as kept`);
    expect(rows.length).toBeGreaterThan(0);
    contents.push({
      table,
      columns: fields.map(({ name }) => name),
      written: await listWritten(client, table),
      rows: asJson.rows.map(({ row }) => row),
    });
  }
  return contents;
}

/** Tables and columns that are gone. */
export async function findVanished(client: pg.Client, before: readonly TableContent[]): Promise<string[]> {
  const told = before.flatMap(({ table, columns }) => columns.map((column) => `${table}.${column}`));
  const { rows } = await client.query<{ told: string }>(
    `select told from unnest($1::text[]) as told
     where not exists (
       select from information_schema.columns
       where table_schema = 'public' and table_name || '.' || column_name = told)`,
    [told],
  );
  return rows.map((row) => row.told);
}

/** Tables that no longer take a row of the columns that were written before, and why. */
export async function findUnwritable(client: pg.Client, before: readonly TableContent[]): Promise<string[]> {
  const refused: string[] = [];
  for (const { table, written } of before) {
    await client.query('begin');
    await insertRow(client, table, written, ROWS + 1).catch((error: unknown) => {
      refused.push(`${table}: ${String(error)}`);
    });
    await client.query('rollback');
  }
  return refused;
}

/** Rows that are no longer there with all that they said in the columns that are left. */
export async function findLost(
  client: pg.Client,
  before: readonly TableContent[],
  vanished: readonly string[],
): Promise<unknown[]> {
  const lost: unknown[] = [];
  for (const { table, columns, rows } of before) {
    const left = columns.filter((column) => !vanished.includes(`${table}.${column}`));
    const gone = columns.filter((column) => !left.includes(column));
    if (left.length === 0) continue;
    const { rows: missing } = await client.query<{ row: unknown }>(
      `select told.row from (select value - $2::text[] as row from jsonb_array_elements($1::jsonb)) as told
       where not exists (
         select from (select ${left.map((column) => `"${column}"`).join(', ')} from "${table}") as kept
         where to_jsonb(kept) = told.row)`,
      [JSON.stringify(rows), gone],
    );
    lost.push(...missing.map(({ row }) => ({ table, row })));
  }
  return lost;
}
