import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Migration = {
  /** The name of its folder: `<utc>_<name>`, which also gives the order. */
  name: string;
  sql: string;
  /** SHA-256 of the file, in hex, as Prisma keeps it in `_prisma_migrations`. */
  checksum: string;
  /** False if its single statement cannot run in a transaction; its first line says so. */
  inTransaction: boolean;
};

/**
 * The first line of a file whose statement, such as `create index concurrently`, cannot run in a transaction;
 * the reason follows.
 */
const WITHOUT_TRANSACTION = '-- without transaction:';

/** `prisma/` of this package, whether this code runs from `src` or from `dist`. */
export function prismaFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'prisma', 'schema.prisma'))) {
    if (folder === dirname(folder)) {
      throw new Error('prisma/schema.prisma is missing beside the program: install it again.');
    }
    folder = dirname(folder);
  }
  return join(folder, 'prisma');
}

/** In the order in which they apply. */
export async function readMigrations(migrationsDir: string): Promise<Migration[]> {
  const entries = await readdir(migrationsDir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(join(migrationsDir, name, 'migration.sql'), 'utf8');
      const checksum = createHash('sha256').update(sql).digest('hex');
      return { name, sql, checksum, inTransaction: !sql.startsWith(WITHOUT_TRANSACTION) };
    }),
  );
}
