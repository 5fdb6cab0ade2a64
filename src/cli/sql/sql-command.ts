import { Command, InvalidArgumentError, Option } from 'commander';
import { findEmbeddedPostgres } from '../../embedded/embedded-postgres.js';
import { orExplain, print, readConfig } from '../with-config.js';
import { withDatabaseUrl } from '../with-ledger.js';
import { ROW_FORMATS, type RowFormat } from './format-rows.js';
import { readStatements } from './read-statements.js';
import { connectReader, readerUrl } from './reader-connection.js';
import { errorText, runStatement } from './run-statement.js';

type Options = { format: RowFormat; timeout: number; printUrl?: true };

export function sqlCommand(): Command {
  return new Command('sql')
    .description('ask the reporting views, as the role that reads them and nothing else')
    .argument('[statement]', 'one statement; without it a prompt, or what comes on standard input')
    .addOption(new Option('--format <format>', 'how rows are printed').choices(ROW_FORMATS).default('table'))
    .option('--timeout <seconds>', 'how long a statement may take', seconds, 60)
    .option('--print-url', 'print an address under which psql reads the same, and nothing else')
    .addHelpText(
      'after',
      '\nAt the prompt: \\d lists the views, \\d <view> its columns, \\q ends. docs/reporting.md has examples.',
    )
    .action((statement: string | undefined, options: Options) =>
      orExplain(() => (options.printUrl ? printUrl(options) : ask(statement, options))),
    );
}

function seconds(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1 || n > 86_400) throw new InvalidArgumentError('It is a number of seconds.');
  return n;
}

/** The embedded Postgres has another port after each start: an address is printed of one that runs. */
async function printUrl({ timeout }: Options): Promise<void> {
  const { databaseUrl, dataDir } = readConfig();
  const url = databaseUrl ?? (await findEmbeddedPostgres(dataDir));
  if (url === null) throw new Error(`No Postgres runs in ${dataDir}: start the service first, or set DATABASE_URL.`);
  print(readerUrl(url, timeout));
}

async function ask(statement: string | undefined, { format, timeout }: Options): Promise<void> {
  await withDatabaseUrl(async (url) => {
    const client = await connectReader(url, timeout);
    try {
      if (statement === undefined) {
        const { stdin: input, stdout: output } = process;
        const isInteractive = input.isTTY && output.isTTY;
        if (isInteractive) print('The reporting views, read only. \\d lists them, \\q ends.');
        if (!(await readStatements(client, { input, output, isInteractive }, format))) process.exitCode = 1;
      } else {
        process.stdout.write(await runStatement(client, statement, format));
      }
    } catch (error) {
      throw new Error(errorText(error, statement ?? '').trimEnd(), { cause: error });
    } finally {
      await client.end();
    }
  });
}
