import path from 'node:path';
import { Command } from 'commander';
import { findContents } from '../../db/connection/find-contents.js';
import { readLedgerId } from '../../db/connection/database.js';
import { connect } from '../../db/migrations/connect.js';
import { migrate } from '../../db/migrations/migrate.js';
import { copyLedger, countLedgerRows, type LedgerSize } from '../../db/moving/copy-ledger.js';
import { startEmbeddedPostgres } from '../../embedded/embedded-postgres.js';
import { markMoved } from '../../embedded/moved-marker.js';
import { rememberLedger } from '../../start/known-ledgers.js';
import { orExplain, print, readConfig } from '../with-config.js';
import { showProgress } from './show-progress.js';

export function moveCommand(): Command {
  return new Command('move')
    .description('move the ledger of the embedded Postgres to a server; the service must not be running')
    .requiredOption('--to <postgres url>', 'an empty database on that server, of the role that will own it')
    .action(({ to }: { to: string }) => orExplain(() => move(to)));
}

/** The old database is kept, and refuses to start once all of it is in the new one. */
async function move(to: string): Promise<void> {
  const { databaseUrl, dataDir, spoolDir } = readConfig();
  if (databaseUrl !== null) {
    throw new Error(
      'DATABASE_URL is set, so the ledger is on a server already: use pg_dump and pg_restore to move it.',
    );
  }
  const contents = await findContents(to);
  if (contents !== null)
    throw new Error(`${addressOf(to)} is not empty: it holds ${contents}. Name an empty database.`);
  const embedded = await startEmbeddedPostgres({ dataDir, log: () => undefined });
  try {
    await migrate(embedded.url);
    await migrate(to);
    const { tables, rows } = await copy(embedded.url, to, spoolDir);
    await markMoved(dataDir, addressOf(to));
    print(`${rows.toLocaleString('en')} rows of ${String(tables)} tables are in ${addressOf(to)}.`);
    print(
      `From now on start the service with DATABASE_URL set to it. ${path.resolve(dataDir)} keeps the old database as`,
    );
    print('it was; what the spool in it holds is taken in at the next start there.');
  } finally {
    await embedded.stop();
  }
}

async function copy(fromUrl: string, toUrl: string, spoolDir: string): Promise<LedgerSize> {
  const [source, target] = [await connect(fromUrl), await connect(toUrl)];
  try {
    const shown = await showProgress('Moving the ledger', () => countLedgerRows(source));
    const copied = await copyLedger(source, target, shown.advance);
    shown.stop();
    await target.query('analyze');
    // A receiver that starts while the new server is away finds its spool by this.
    await rememberLedger(spoolDir, toUrl, await readLedgerId(target));
    return copied;
  } finally {
    await Promise.all([source.end(), target.end()]);
  }
}

/** Without the password. */
function addressOf(url: string): string {
  const { username, host, pathname } = new URL(url);
  return `postgres://${username}@${host}${pathname}`;
}
