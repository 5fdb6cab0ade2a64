import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parse as parseCsv } from 'csv-parse';
import { z } from 'zod';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Registration } from '../../evidence/registration.js';
import { registrationBody, registeredSid } from '../../http/api/registration-routes.js';

/** A line of a file, and what it says; `reason` where it cannot be registered. */
export type ImportLine =
  | { kind: 'registration'; line: number; registration: Registration }
  | { kind: 'refused'; line: number; reason: string }
  /** An exported session that nobody had registered. */
  | { kind: 'unregistered'; line: number };

const row = registrationBody.extend({ sid: registeredSid });
const FIELDS = Object.keys(row.shape);

/** The lines of a file with a header row, or of newline-delimited JSON. The header is line 1. */
export async function* readImport(file: string, nowMs: UnixMs): AsyncGenerator<ImportLine> {
  const told = file.endsWith('.ndjson') || file.endsWith('.jsonl') ? jsonLines(file) : csvLines(file);
  for await (const { line, fields } of told) yield toLine(line, fields, nowMs);
}

type Told = { line: number; fields: Record<string, unknown> | string };

async function* jsonLines(file: string): AsyncGenerator<Told> {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    line += 1;
    if (text.trim() === '') continue;
    yield { line, fields: parsedObject(text) };
  }
}

const anObject = z.record(z.string(), z.unknown());

function parsedObject(text: string): Record<string, unknown> | string {
  try {
    const parsed = anObject.safeParse(JSON.parse(text));
    return parsed.success ? withoutNulls(parsed.data) : 'it is no JSON object';
  } catch (error) {
    return `it is not JSON (${error instanceof Error ? error.message : String(error)})`;
  }
}

function withoutNulls(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

const csvRecord = z.object({ info: z.object({ lines: z.number() }), record: z.record(z.string(), z.string()) });

async function* csvLines(file: string): AsyncGenerator<Told> {
  const parser = createReadStream(file).pipe(
    parseCsv({
      columns: headerOf,
      bom: true,
      trim: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }),
  );
  for await (const read of parser) {
    const { info, record } = csvRecord.parse(read);
    yield { line: info.lines, fields: csvFields(record) };
  }
}

/** Thrown where the file cannot be meant: nothing of it is registered then. */
function headerOf(names: readonly string[]): string[] {
  const missing = ['sid', 'appId', 'resourceId', 'mode', 'cname', 'uid'].filter((name) => !names.includes(name));
  if (missing.length === 0) return [...names];
  throw new Error(`The first line has to name the columns, and ${missing.join(', ')} is missing: ${names.join(',')}`);
}

function csvFields(record: Record<string, string>): Record<string, unknown> {
  const given = Object.fromEntries(Object.entries(record).filter(([, value]) => value !== ''));
  const hours = given['resourceExpiredHour'];
  return hours === undefined ? given : { ...given, resourceExpiredHour: /^\d+$/.test(hours) ? Number(hours) : hours };
}

function toLine(line: number, fields: Told['fields'], nowMs: UnixMs): ImportLine {
  if (typeof fields === 'string') return { kind: 'refused', line, reason: fields };
  if ('state' in fields && !('resourceId' in fields)) return { kind: 'unregistered', line };
  const read = row.safeParse(Object.fromEntries(FIELDS.map((name) => [name, asRegistered(fields, name)])));
  if (!read.success) {
    const reasons = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    return { kind: 'refused', line, reason: reasons.join('; ') };
  }
  const { startedAt, resourceExpiredHour, ...told } = read.data;
  return {
    kind: 'registration',
    line,
    registration: {
      kind: 'registration',
      ...told,
      startedMs: startedAt ?? null,
      resourceExpiredHour: resourceExpiredHour ?? null,
      receivedMs: unixMs(nowMs),
      replaces: false,
    },
  };
}

/** An exported session has its start by the best source, and beside it what was registered. */
function asRegistered(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  return name === 'startedAt' && 'state' in fields ? fields['registeredStartedAt'] : fields[name];
}
