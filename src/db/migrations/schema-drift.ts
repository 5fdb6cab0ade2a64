import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { prismaFolder, readMigrations } from './migrations-folder.js';
import { NO_FILTER, toMigrationList, withPrismaSchemaEngine } from './prisma-schema-engine.js';

/**
 * The SQL that would make the database of `migrations/` into the one of `schema.prisma`; empty when
 * the two agree. Runs the migrations in a shadow database, so the user of `connectionString` must
 * be allowed to create one. Views, functions, roles and other schemas are not compared: Prisma's
 * schema cannot say them, and the engine looks at the tables of `public` alone.
 */
export async function diffMigrationsToSchema(connectionString: string): Promise<string> {
  const folder = prismaFolder();
  const schemaPath = join(folder, 'schema.prisma');
  const migrationsDir = join(folder, 'migrations');
  const migrations = await readMigrations(migrationsDir);
  const schema = { path: schemaPath, content: await readFile(schemaPath, 'utf8') };
  const { stdout } = await withPrismaSchemaEngine(connectionString, (engine) =>
    engine.diff({
      from: { tag: 'migrations', ...toMigrationList(migrationsDir, migrations) },
      to: { tag: 'schemaDatamodel', files: [schema] },
      script: true,
      exitCode: null,
      filters: NO_FILTER,
    }),
  );
  return withoutComments(stdout ?? '');
}

/** The engine says "This is an empty migration." where there is nothing to do. */
function withoutComments(sql: string): string {
  const isEmpty = sql.split('\n').every((line) => line.trim() === '' || line.startsWith('--'));
  return isEmpty ? '' : sql;
}
