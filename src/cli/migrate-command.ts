import { Command } from 'commander';
import { migrate } from '../db/migrations/migrate.js';
import { startEmbeddedPostgres } from '../embedded/embedded-postgres.js';
import { orExplain, print, readConfig } from './with-config.js';

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database of DATABASE_URL (or the embedded one) to the newest schema')
    .action(() => orExplain(run));
}

async function run(): Promise<void> {
  const config = readConfig();
  const embedded =
    config.databaseUrl === null ? await startEmbeddedPostgres({ dataDir: config.dataDir, log: () => undefined }) : null;
  try {
    const { applied } = await migrate(embedded?.url ?? config.databaseUrl ?? '');
    print(applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`);
  } finally {
    await embedded?.stop();
  }
}
