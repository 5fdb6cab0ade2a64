import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { prismaFolder, type Migration } from './migrations-folder.js';

/*
 * Which migrations have landed, with their checksums: databases exist that have applied them, so from then
 * on they are history. `sha256sum -c migrations.sha256` in prisma/ reads the list too, and passes over its
 * headings, each of which names the release that the migrations below it came with.
 */

export type LandedMigration = { name: string; checksum: string };

/** A release, and all that the schema of its databases was made by: those of the releases before it too. */
export type ReleasedSchema = { release: string; migrations: readonly LandedMigration[] };

type NamedMigration = Pick<Migration, 'name' | 'checksum'>;

export async function readReleasedSchemas(): Promise<ReleasedSchema[]> {
  return parseLanded(await readFile(join(prismaFolder(), 'migrations.sha256'), 'utf8'));
}

export function parseLanded(list: string): ReleasedSchema[] {
  const schemas: ReleasedSchema[] = [];
  for (const line of list.split('\n').filter((text) => text !== '')) {
    const before = schemas.at(-1);
    if (line.startsWith('# ')) {
      schemas.push({ release: line.slice(2), migrations: before?.migrations ?? [] });
    } else if (before !== undefined) {
      schemas[schemas.length - 1] = {
        ...before,
        migrations: [...before.migrations, parseLine(line)],
      };
    }
  }
  return schemas;
}

function parseLine(line: string): LandedMigration {
  const [checksum, path] = line.split('  ');
  return { name: path?.split('/')[1] ?? '', checksum: checksum ?? '' };
}

/** What is wrong with these migrations, by the list of those that have landed; nothing where it is empty. */
export function findBrokenHistory(landed: readonly LandedMigration[], present: readonly NamedMigration[]): string[] {
  const checksums = new Map(present.map(({ name, checksum }) => [name, checksum]));
  const names = new Set(landed.map(({ name }) => name));
  const newest = landed.at(-1)?.name ?? '';
  return [
    ...landed
      .filter(({ name }) => !checksums.has(name))
      .map(({ name }) => `${name} has landed and is gone: put it back`),
    ...landed
      .filter(({ name, checksum }) => (checksums.get(name) ?? checksum) !== checksum)
      .map(({ name }) => `${name} has landed and was changed: put it back, and write a new migration`),
    ...present
      .filter(({ name }) => !names.has(name) && name < newest)
      .map(({ name }) => `${name} is dated before ${newest}, which has landed: give it a later date`),
  ];
}

/** Those that no release has brought yet. */
export function notLanded(landed: readonly LandedMigration[], present: readonly NamedMigration[]): string[] {
  const names = new Set(landed.map(({ name }) => name));
  return present.map(({ name }) => name).filter((name) => !names.has(name));
}

/**
 * The list with what has not landed yet on it, as the coming release's. Throws where that release is on the
 * list already: what its databases were made by is known.
 */
export function addLanded(list: string, release: string, present: readonly NamedMigration[]): string {
  const schemas = parseLanded(list);
  if (schemas.some((schema) => schema.release === release)) {
    throw new Error(`${release} has been released: give package.json the coming version first`);
  }
  const coming = new Set(notLanded(schemas.at(-1)?.migrations ?? [], present));
  const lines = present
    .filter(({ name }) => coming.has(name))
    .map(({ name, checksum }) => `${checksum}  migrations/${name}/migration.sql`);
  return list + [`# ${release}`, ...lines].map((line) => `${line}\n`).join('');
}
