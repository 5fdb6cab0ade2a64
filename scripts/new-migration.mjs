// node scripts/new-migration.mjs <name> [--breaking "<why>"]: writes prisma/migrations/<utc>_<name>/migration.sql,
// the difference between what the migrations make and what prisma/schema.prisma says. Read it and edit
// it before it is committed; views, functions, roles and partitions are written by hand anyway. A migration
// that releases before it cannot work with says so in its own SQL, which --breaking writes.
// node scripts/new-migration.mjs --land: at a release, puts the new ones on the list of those that never change.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildIfStale } from './build-if-stale.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const options = { breaking: { type: 'string' }, land: { type: 'boolean', default: false } };
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const name = positionals[0] ?? '';
if (!values.land && !/^[a-z0-9]+(_[a-z0-9]+)*$/.test(name)) {
  console.error('Give the migration a name of lower-case words: node scripts/new-migration.mjs add_uploads');
  process.exit(2);
}

buildIfStale();
await (values.land ? land() : write());

async function write() {
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
}

async function writeMigration(sql) {
  const utc = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const migration = `${utc}_${name}`;
  const folder = join(root, 'prisma', 'migrations', migration);
  await mkdir(folder);
  const file = join(folder, 'migration.sql');
  await writeFile(file, declareBreaking(migration) + sql);
  return file;
}

function declareBreaking(migration) {
  if (values.breaking === undefined) return '';
  const why = values.breaking.replaceAll("'", "''");
  return `insert into "breaking_migrations" ("migration_name", "reason") values ('${migration}', '${why}');\n\n`;
}

async function land() {
  const { addLanded, findBrokenHistory, parseLanded } = await import('../dist/db/migrations/landed-migrations.js');
  const { readMigrations } = await import('../dist/db/migrations/migrations-folder.js');
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const file = join(root, 'prisma', 'migrations.sha256');
  const list = await readFile(file, 'utf8');
  const present = await readMigrations(join(root, 'prisma', 'migrations'));
  const broken = findBrokenHistory(parseLanded(list).at(-1)?.migrations ?? [], present);
  if (broken.length > 0) throw new Error(broken.join('\n'));
  await writeFile(file, addLanded(list, version, present));
  console.log(`All migrations have landed with ${version}.`);
}
