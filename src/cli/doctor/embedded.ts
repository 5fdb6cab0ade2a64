import { access } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../../config/parse-config.js';
import { findEmbeddedPostgres } from '../../embedded/embedded-postgres.js';
import { findPostgresBinaries } from '../../embedded/postgres-binaries.js';
import { reasonOf } from '../../db/migrations/reason-of.js';
import { failed, fine, type Check } from './check.js';

/** Whether the programs of the embedded Postgres are there for this machine. */
export async function checkEmbedded(config: Config, runningUrl: string | null): Promise<Check> {
  const check = 'embedded Postgres';
  try {
    const { initdb, postgres } = await findPostgresBinaries();
    await Promise.all([access(initdb), access(postgres)]);
  } catch (error) {
    return failed(check, reasonOf(error), 'run "npm ci" with optional packages, or set DATABASE_URL');
  }
  const where = `in ${config.dataDir}`;
  return fine(check, runningUrl === null ? `${where}, not running now: the service starts it` : `${where}, running`);
}

/** Its address where a process of the service runs it; looking for it makes no folder. */
export async function runningEmbedded(dataDir: string): Promise<string | null> {
  const isThere = await access(path.join(dataDir, 'postgres')).then(
    () => true,
    () => false,
  );
  return isThere ? findEmbeddedPostgres(dataDir).catch(() => null) : null;
}
