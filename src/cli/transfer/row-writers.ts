import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import { fileWriter, ParquetWriter, schemaFromColumnData, type ColumnSource } from 'hyparquet-writer';
import type { ExportColumn, ExportRow } from '../../db/reporting/export-rows.js';

export const FORMATS = ['ndjson', 'csv', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

/** Takes rows, and holds no more of them than it needs. */
export type RowWriter = {
  write: (rows: readonly ExportRow[]) => Promise<void>;
  end: () => Promise<void>;
};

/** To a file, or to standard output where none is named. */
export function openRowWriter(format: Format, columns: readonly ExportColumn[], file: string | null): RowWriter {
  if (format === 'parquet') {
    if (file === null) throw new Error('Parquet is written to a file: name it with --out.');
    return parquetRows(file, columns);
  }
  const asText = format === 'csv' ? csvOf(columns) : ndjsonOf(columns);
  return textRows(file === null ? process.stdout : createWriteStream(file), asText);
}

function textRows(stream: Writable, asText: (rows: readonly ExportRow[], isFirst: boolean) => string): RowWriter {
  let isFirst = true;
  const write = async (rows: readonly ExportRow[]): Promise<void> => {
    const text = asText(rows, isFirst);
    isFirst = false;
    if (text !== '' && !stream.write(text)) await once(stream, 'drain');
  };
  return {
    write,
    end: async () => {
      if (isFirst) await write([]);
      if (stream === process.stdout) return;
      stream.end();
      await once(stream, 'finish');
    },
  };
}

function ndjsonOf(columns: readonly ExportColumn[]) {
  return (rows: readonly ExportRow[]): string =>
    rows
      .map((row) => `${JSON.stringify(Object.fromEntries(columns.map((one) => [one.name, jsonValue(row, one)])))}\n`)
      .join('');
}

/** Postgres tells 64-bit numbers as text; those that are exported are far below 2^53. */
function jsonValue(row: ExportRow, { name, type }: ExportColumn): unknown {
  const value = row[name] ?? null;
  return value !== null && type === 'integer' ? Number(value) : value;
}

function csvOf(columns: readonly ExportColumn[]) {
  return (rows: readonly ExportRow[], isFirst: boolean): string =>
    stringify(
      rows.map((row) => columns.map((column) => csvValue(row, column))),
      { header: isFirst, columns: columns.map(({ name }) => name) },
    );
}

function csvValue(row: ExportRow, { name, type }: ExportColumn): unknown {
  const value = row[name] ?? null;
  if (value instanceof Date) return value.toISOString();
  return value !== null && type === 'json' ? JSON.stringify(value) : value;
}

/** A row group is written at a time; the names, types and places of all of them follow at the end. */
const ROWS_IN_GROUP = 10_000;

function parquetRows(file: string, columns: readonly ExportColumn[]): RowWriter {
  const writer = new ParquetWriter({
    writer: fileWriter(file),
    schema: schemaFromColumnData({ columnData: columnsOf([], columns) }),
    createdBy: 'recording-ledger',
  });
  let group: ExportRow[] = [];
  const flush = async (): Promise<void> => {
    if (group.length > 0) await writer.write({ columnData: columnsOf(group, columns), rowGroupSize: ROWS_IN_GROUP });
    group = [];
  };
  return {
    write: async (rows) => {
      group.push(...rows);
      if (group.length >= ROWS_IN_GROUP) await flush();
    },
    end: async () => {
      await flush();
      await writer.finish();
    },
  };
}

const PARQUET_TYPES = {
  text: 'STRING',
  integer: 'INT64',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  time: 'TIMESTAMP',
  json: 'STRING',
} as const;

function columnsOf(rows: readonly ExportRow[], columns: readonly ExportColumn[]): ColumnSource[] {
  return columns.map((column) => ({
    name: column.name,
    type: PARQUET_TYPES[column.type],
    nullable: true,
    data: rows.map((row) => parquetValue(row, column)),
  }));
}

function parquetValue(row: ExportRow, { name, type }: ExportColumn): unknown {
  const value = row[name] ?? null;
  if (value === null) return null;
  if (type === 'integer') return BigInt(value as string | number);
  return type === 'json' ? JSON.stringify(value) : value;
}
