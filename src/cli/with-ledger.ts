import { findEmbeddedPostgres, startEmbeddedPostgres } from '../embedded/embedded-postgres.js';
import type { Config } from '../config/parse-config.js';
import { shardOfProcess } from '../db/sessions/counters.js';
import { closeDatabase, openDatabase, type Db } from '../db/connection/database.js';
import { migrate } from '../db/migrations/migrate.js';
import { unixMs } from '../evidence/instant.js';
import type { FoldContext } from '../ledger/fold-context.js';
import { readConfig } from './with-config.js';

/**
 * Opens the ledger's database and closes it afterwards. The embedded one is started only if the service is
 * not running it already.
 */
export async function withLedger(work: (context: FoldContext, config: Config) => Promise<void>): Promise<void> {
  await withServer((url, config) => withDatabase(url, config, work));
}

/** The same without a pool: the address of the migrated database. */
export async function withDatabaseUrl(work: (url: string, config: Config) => Promise<void>): Promise<void> {
  await withServer(async (url, config) => {
    await migrate(url);
    await work(url, config);
  });
}

async function withServer(work: (url: string, config: Config) => Promise<void>): Promise<void> {
  const config = readConfig();
  const running = config.databaseUrl ?? (await findEmbeddedPostgres(config.dataDir));
  if (running !== null) return work(running, config);
  const embedded = await startEmbeddedPostgres({ dataDir: config.dataDir, log: () => undefined });
  try {
    await work(embedded.url, config);
  } finally {
    await embedded.stop();
  }
}

async function withDatabase(
  url: string,
  config: Config,
  work: (context: FoldContext, config: Config) => Promise<void>,
): Promise<void> {
  await migrate(config.databaseDirectUrl ?? url);
  const db = openDatabase({
    url,
    maxConnections: 4,
    applicationName: 'recording-ledger cli',
    onIdleError: () => undefined,
  });
  await work(foldContext(db, config), config).finally(() => closeDatabase(db));
}

function foldContext(db: Db, config: Config): FoldContext {
  return {
    db,
    rules: config.rules,
    now: () => unixMs(Date.now()),
    shard: shardOfProcess(),
    stopping: new AbortController().signal,
    pressure: () => 'none',
    onSetAside: (sid, error) => void process.stderr.write(`${sid} could not be folded: ${String(error)}\n`),
    onSaved: () => undefined,
  };
}
