import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Migration = {
  /** Of its folder: `<utc>_<name>`, which is also the order. */
  name: string;
  sql: string;
  /** SHA-256 of the file, in hex, as Prisma keeps it in `_prisma_migrations`. */
  checksum: string;
  /** False where its one statement cannot run in a transaction, and its first line says so. */
  inTransaction: boolean;
};

/** How a file begins whose statement is `create index concurrently` or its like; why comes after it. */
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
