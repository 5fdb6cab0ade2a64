import { rename, rm } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import type pg from 'pg';
import { ResilientClient } from '../../db/connection/resilient-client.js';
import { countExported, exportColumns, EXPORTED, exportRows } from '../../db/reporting/export-rows.js';
import type { Exported, ExportPeriod } from '../../db/reporting/export-rows.js';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import { orExplain } from '../with-config.js';
import { withDatabaseUrl } from '../with-ledger.js';
import { FORMATS, openRowWriter, type Format } from './row-writers.js';
import { showProgress } from './show-progress.js';

type Options = { from: UnixMs; to: UnixMs; what: Exported; format: Format; out?: string };

export function exportCommand(): Command {
  return new Command('export')
    .description('write sessions, timelines or raw notifications of a period to a file or to standard output')
    .requiredOption('--from <day>', 'the first day (UTC) or instant: of the start of sessions, else of receipt', moment)
    .requiredOption('--to <day>', 'the day or instant before which it ends', moment)
    .addOption(new Option('--what <what>', 'what is written').choices(EXPORTED).default('sessions'))
    .addOption(new Option('--format <format>', 'how').choices(FORMATS).default('ndjson'))
    .option('--out <file>', 'where to; standard output if left out, and the file is there once it is whole')
    .addHelpText(
      'after',
      '\nNotifications as ndjson are read by "recording-ledger replay", sessions as csv or ndjson by "recording-ledger import".',
    )
    .action((options: Options) => orExplain(() => withDatabaseUrl((url) => exportTo(url, options))));
}

function moment(text: string): UnixMs {
  const ms = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (Number.isNaN(ms)) throw new InvalidArgumentError('It is a day or an instant, as in 2026-11-21T10:32:00Z.');
  return unixMs(ms);
}

async function exportTo(url: string, { from, to, what, format, out }: Options): Promise<void> {
  const client = new ResilientClient({ connectionString: url, application_name: 'recording-ledger export' });
  await client.connect();
  try {
    const rows = await writeAll(client, { fromMs: from, toMs: to }, { what, format, out: out ?? null });
    if (out !== undefined) await rename(partOf(out), out);
    process.stderr.write(`${rows.toLocaleString('en')} rows of ${what} written.\n`);
  } catch (error) {
    if (out !== undefined) await rm(partOf(out), { force: true });
    throw error;
  } finally {
    await client.end();
  }
}

/** A file that is cut off is not taken for a whole one. */
function partOf(out: string): string {
  return `${out}.part`;
}

type Written = { what: Exported; format: Format; out: string | null };

async function writeAll(client: pg.Client, period: ExportPeriod, { what, format, out }: Written): Promise<number> {
  const writer = openRowWriter(format, exportColumns(what), out === null ? null : partOf(out));
  const shown = await showProgress(`Writing ${what}`, () => countExported(client, what, period));
  let written = 0;
  for await (const rows of exportRows(client, what, period)) {
    await writer.write(rows);
    written += rows.length;
    shown.advance(rows.length);
  }
  await writer.end();
  shown.stop();
  return written;
}
