import type { Logger } from 'pino';
import { startApp, type App, type Standing } from './app.js';
import { describeConfig, type Config } from './config/parse-config.js';
import { migrate } from './db/migrations/migrate.js';
import { startEmbeddedPostgres } from './embedded/embedded-postgres.js';

export type Service = App & { databaseUrl: string };

/** What is about to be started, once, however often that has to be tried. */
export function announce(config: Config, log: Logger): void {
  log.info({ config: describeConfig(config) }, 'service.starting');
  if (config.accounts.length === 0) log.warn('agora.not_configured');
}

/** The whole service: a database (ours where none is given), migrated, and the roles asked for. */
export async function serve(config: Config, log: Logger, standing?: Standing): Promise<Service> {
  const embedded = config.databaseUrl === null ? await openEmbedded(config, log) : null;
  const databaseUrl = embedded?.url ?? config.databaseUrl ?? '';
  try {
    const { applied } = await migrate(databaseUrl);
    if (applied.length > 0) log.info({ applied }, 'database.migrated');
    const app = await startApp(config, databaseUrl, log, standing);
    return { ...app, databaseUrl, stop: () => stopBoth(app, embedded) };
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
}

function openEmbedded({ dataDir }: Config, log: Logger): ReturnType<typeof startEmbeddedPostgres> {
  return startEmbeddedPostgres({
    dataDir,
    log: (event, fields) => {
      log.info(fields, event);
    },
  });
}

async function stopBoth(app: App, embedded: { stop: () => Promise<void> } | null): Promise<void> {
  await app.stop();
  await embedded?.stop();
}
