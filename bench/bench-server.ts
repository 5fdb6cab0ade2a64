import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { closeDatabase, openDatabase, type Db } from '../src/db/connection/database.js';
import { migrate } from '../src/db/migrations/migrate.js';
import { ensurePartitions } from '../src/db/migrations/partitions.js';
import { startEmbeddedPostgres } from '../src/embedded/embedded-postgres.js';
import { unixMs } from '../src/evidence/instant.js';

/** Where a benchmark happens: a folder of its own, and a Postgres in it, set up as the service sets it up. */
export type BenchServer = { folder: string; url: string };

/** Makes the place, and takes it away however the work ends. */
export async function withBenchServer(work: (server: BenchServer) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'recording-ledger-bench-'));
  const postgres = await startEmbeddedPostgres({ dataDir: folder, log: () => undefined });
  try {
    await work({ folder, url: postgres.url });
  } finally {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Filling a table with ten million rows takes its time. */
const PATIENCE = { connectMs: 5_000, statementMs: 600_000, lockMs: 600_000 };

/** Another, migrated database on the same server. */
export async function openBenchDatabase({ url }: BenchServer, name: string): Promise<Db> {
  const own = new URL(url);
  own.pathname = `/${name}`;
  const settings = { maxConnections: 2, applicationName: 'bench', onIdleError: () => undefined, patience: PATIENCE };
  const admin = openDatabase({ url, ...settings });
  await admin.pool.query(`create database ${name}`);
  await closeDatabase(admin);
  await migrate(own.href);
  const db = openDatabase({ url: own.href, ...settings });
  await ensurePartitions(db.pool, unixMs(Date.now()));
  return db;
}
