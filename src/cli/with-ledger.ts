import { startEmbeddedPostgres } from '../embedded/embedded-postgres.js';
import type { Config } from '../config/parse-config.js';
import { closeDatabase, openDatabase, type Db } from '../db/database.js';
import { migrate } from '../db/migrate.js';
import { unixMs } from '../evidence/instant.js';
import type { FoldContext } from '../jobs/fold-context.js';
import { readConfig } from './with-config.js';

/** Opens the ledger's database (the embedded one where none is configured), and closes it again. */
export async function withLedger(
  work: (context: FoldContext, config: Config) => Promise<void>,
): Promise<void> {
  const config = readConfig();
  const embedded =
    config.databaseUrl === null
      ? await startEmbeddedPostgres({ dataDir: config.dataDir, log: () => undefined })
      : null;
  try {
    const url = embedded?.url ?? config.databaseUrl ?? '';
    await migrate(url);
    const db = openDatabase({ url, maxConnections: 4, applicationName: 'recording-ledger cli', onIdleError: () => undefined }); // prettier-ignore
    await work(foldContext(db, config), config).finally(() => closeDatabase(db));
  } finally {
    await embedded?.stop();
  }
}

function foldContext(db: Db, config: Config): FoldContext {
  const owners = new Map(
    config.accounts.flatMap(({ name, apps }) => apps.map(({ appId }) => [appId, name] as const)),
  );
  return {
    db,
    rules: { ...config.rules, accountOf: (appId) => owners.get(appId) ?? null },
    now: () => unixMs(Date.now()),
    shard: process.pid % 1024,
    stopping: new AbortController().signal,
  };
}
