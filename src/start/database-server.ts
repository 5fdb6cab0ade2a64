import type { Logger } from 'pino';
import type { Config } from '../config/parse-config.js';
import { migrate } from '../db/migrations/migrate.js';
import { adviceOnReader, ensureReportingReader } from '../db/migrations/reporting-reader.js';
import { startEmbeddedPostgres } from '../embedded/embedded-postgres.js';

export type DatabaseServer = {
  url: string;
  /** For what needs a session of its own. */
  directUrl: string;
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
    const { applied } = await migrate(server.directUrl);
    if (applied.length > 0) log.info({ applied }, 'database.migrated');
    await letReportingBeRead(server.directUrl, log);
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

async function findServer(config: Config, log: Logger): Promise<DatabaseServer> {
  const { databaseUrl: url, databaseDirectUrl: directUrl, dataDir } = config;
  if (url !== null) return { url, directUrl: directUrl ?? url, stop: () => Promise.resolve() };
  const embedded = await startEmbeddedPostgres({ dataDir, log: (event, fields) => log.info(fields, event) });
  return { url: embedded.url, directUrl: embedded.url, stop: embedded.stop };
}
