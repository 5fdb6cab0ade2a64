import { Command } from 'commander';
import { grantService } from '../db/migrations/grants.js';
import { migrate } from '../db/migrations/migrate.js';
import { adviceOnReader, ensureReportingReader } from '../db/migrations/reporting-reader.js';
import { startEmbeddedPostgres } from '../embedded/embedded-postgres.js';
import { ensureQueueTables } from '../jobs/postgres-backend.js';
import { orExplain, print, readConfig } from './with-config.js';

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database of DATABASE_URL (or the embedded one) to the newest schema')
    .option('--grant-to <role>', 'let this role run the service, which then needs to own nothing')
    .action(({ grantTo }: { grantTo?: string }) => orExplain(() => run(grantTo ?? null)));
}

async function run(role: string | null): Promise<void> {
  const config = readConfig();
  const embedded =
    config.databaseUrl === null ? await startEmbeddedPostgres({ dataDir: config.dataDir, log: () => undefined }) : null;
  try {
    const url = embedded?.url ?? config.databaseDirectUrl ?? config.databaseUrl ?? '';
    await bringUpToDate(url);
    if (config.redis === null) await ensureQueueTables(url);
    if (role === null) return;
    await grantService(url, role);
    print(`Role ${role} may run the service.`);
  } finally {
    await embedded?.stop();
  }
}

/** What analysts read comes second: the ledger works without it, so its absence fails nothing. */
async function bringUpToDate(url: string): Promise<void> {
  const { applied } = await migrate(url);
  print(applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`);
  const reader = await ensureReportingReader(url);
  if (reader.kind === 'granted') print('Role recording_reader can now read all of schema reporting.');
  const advice = adviceOnReader(reader);
  if (advice !== null) print(advice);
}
