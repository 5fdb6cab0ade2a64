import type { Logger } from 'pino';
import type { Config } from '../config/parse-config.js';
import { migrate } from '../db/migrations/migrate.js';
import { adviceOnReader, ensureReportingReader } from '../db/migrations/reporting-reader.js';
import { startEmbeddedPostgres } from '../embedded/embedded-postgres.js';

export type DatabaseServer = {
  url: string;
  /** Stops the server if it is the embedded one; else does nothing. */
  stop: () => Promise<void>;
};

/**
 * Returns the configured Postgres, or starts the embedded one where none is configured, and migrates it to
 * the newest schema.
 */
export async function openDatabaseServer(config: Config, log: Logger): Promise<DatabaseServer> {
  const server = await findServer(config, log);
  try {
    const { applied } = await migrate(server.url);
    if (applied.length > 0) log.info({ applied }, 'database.migrated');
    await letReportingBeRead(server.url, log);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** A ledger without readers works as one with them, so nothing here stops a start. */
async function letReportingBeRead(url: string, log: Logger): Promise<void> {
  try {
    const reader = await ensureReportingReader(url);
    if (reader.kind === 'granted') log.info('reporting.granted');
    const advice = adviceOnReader(reader);
    if (advice !== null) log.warn({ advice }, 'reporting.not_readable');
  } catch (error) {
    log.warn({ err: error }, 'reporting.not_looked_at');
  }
}

async function findServer({ databaseUrl, dataDir }: Config, log: Logger): Promise<DatabaseServer> {
  if (databaseUrl !== null) return { url: databaseUrl, stop: () => Promise.resolve() };
  return startEmbeddedPostgres({ dataDir, log: (event, fields) => log.info(fields, event) });
}
