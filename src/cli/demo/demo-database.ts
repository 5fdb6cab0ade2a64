import { findContents } from '../../db/connection/find-contents.js';
import { startEmbeddedPostgres } from '../../embedded/embedded-postgres.js';

export type DemoDatabase = { url: string; stop: () => Promise<void> };

/**
 * The demo's own Postgres, which need not survive anything; or the database that was named, where nothing
 * can be spoilt.
 */
export async function openDemoDatabase(folder: string, named: string | null): Promise<DemoDatabase> {
  if (named === null) {
    return startEmbeddedPostgres({ dataDir: folder, log: () => undefined, settings: { fsync: 'off' } });
  }
  const contents = await findContents(named).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`The database that --database-url names does not let us in: ${why}.`, { cause: error });
  });
  if (contents === null) return { url: named, stop: () => Promise.resolve() };
  throw new Error(
    `The database that --database-url names holds ${contents}: name an empty one, or leave it out and the demo brings its own.`,
  );
}
