// node scripts/new-migration.mjs <name>: writes prisma/migrations/<utc>_<name>/migration.sql, the
// difference between what the migrations make and what prisma/schema.prisma says. Read it and edit
// it before it is committed; views, functions, roles and partitions are written by hand anyway.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildIfStale } from './build-if-stale.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const name = process.argv[2] ?? '';
if (!/^[a-z0-9]+(_[a-z0-9]+)*$/.test(name)) {
  console.error(
    'Give the migration a name of lower-case words: node scripts/new-migration.mjs add_uploads',
  );
  process.exit(2);
}

buildIfStale();
const { startEmbeddedPostgres } = await import('../dist/embedded/embedded-postgres.js');
const { diffMigrationsToSchema } = await import('../dist/db/migrations/schema-drift.js');

const dataDir = await mkdtemp(join(tmpdir(), 'recording-ledger-migration-'));
const settings = { fsync: 'off' };
const postgres = await startEmbeddedPostgres({ dataDir, log: () => undefined, settings });
try {
  const sql = await diffMigrationsToSchema(postgres.url);
  if (sql === '') console.log('Nothing to do: the migrations and the schema agree.');
  else console.log(`Wrote ${relative(process.cwd(), await writeMigration(sql))}`);
} finally {
  await postgres.stop();
  await rm(dataDir, { recursive: true, force: true });
}

async function writeMigration(sql) {
  const utc = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const folder = join(root, 'prisma', 'migrations', `${utc}_${name}`);
  await mkdir(folder);
  const file = join(folder, 'migration.sql');
  await writeFile(file, sql);
  return file;
}
