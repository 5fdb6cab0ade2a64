import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { continueSequences, listLedgerTables, readSequences, type LedgerTable } from './ledger-tables.js';

/** How much was copied. */
export type LedgerSize = { tables: number; rows: number };

/**
 * Copies a ledger into another database of the same schema that holds an empty one, in one transaction: it is there
 * as a whole or not at all. Nobody may write to the first one meanwhile. Its change feed goes on in the second under
 * the same id, so that cursors stay valid.
 */
export async function copyLedger(
  source: pg.Client,
  target: pg.Client,
  onRows: (rows: number) => void,
): Promise<LedgerSize> {
  await source.query('begin isolation level repeatable read read only');
  await target.query('begin');
  const tables = await listLedgerTables(source);
  await makeRoom(source, target, tables);
  let rows = 0;
  for (const table of tables) rows += await copyTable(source, target, table, onRows);
  await continueSequences(target, await readSequences(source));
  await continueFeed(source, target);
  await target.query('commit');
  await source.query('commit');
  return { tables: tables.length, rows };
}

/** Takes away the rows that migrations have written, such as the id of a ledger, and makes the days' partitions. */
async function makeRoom(source: pg.Client, target: pg.Client, tables: readonly LedgerTable[]): Promise<void> {
  await target.query(`truncate ${tables.map(({ name }) => name).join(', ')}`);
  const { rows } = await source.query<{ day: string }>(
    `select to_date(right(part.relname, 8), 'YYYYMMDD')::text as day
       from pg_inherits join pg_class as part on part.oid = pg_inherits.inhrelid
      where pg_inherits.inhparent = 'public.notices'::regclass and part.relname ~ '^notices_[0-9]{8}$'`,
  );
  for (const { day } of rows) await target.query(`select create_notice_partitions($1::date, 1)`, [day]);
}

async function copyTable(
  source: pg.Client,
  target: pg.Client,
  { name, columns }: LedgerTable,
  onRows: (rows: number) => void,
): Promise<number> {
  const reading = source.query(copyTo(`copy (select ${columns} from ${name}) to stdout`));
  const writing = target.query(copyFrom(`copy ${name} (${columns}) from stdin`));
  reading.on('data', (chunk: Buffer) => onRows(countLines(chunk)));
  await pipeline(reading, writing);
  if (reading.rowCount !== writing.rowCount) {
    throw new Error(`Of table ${name} ${reading.rowCount} rows were read and ${writing.rowCount} written.`);
  }
  return writing.rowCount;
}

/** A row is a line: the text format writes line breaks of values in another way. */
function countLines(chunk: Buffer): number {
  let lines = 0;
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1;
  return lines;
}

/** How many rows `copyLedger` would copy. */
export async function countLedgerRows(source: pg.Client): Promise<number> {
  const tables = await listLedgerTables(source);
  const counts = tables.map(({ name }) => `(select count(*) from ${name})`);
  const { rows } = await source.query<{ rows: string }>(`select (${counts.join(' + ')})::text as rows`);
  return Number(rows[0]?.rows ?? 0);
}

/** A feed that had been restored from a backup, and was not read since, gets its new id when it is read. */
async function continueFeed(source: pg.Client, target: pg.Client): Promise<void> {
  const { rows } = await source.query(`select from feed where feed.made_in = feed_place()`);
  if (rows.length > 0) await target.query(`update feed set made_in = feed_place()`);
}
