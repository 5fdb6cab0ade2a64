import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { prismaFolder, type Migration } from './migrations-folder.js';

/*
 * Which migrations have landed, with their checksums: databases exist that have applied them, so from then
 * on they are history. `sha256sum -c migrations.sha256` in prisma/ reads the list too, and passes over its
 * headings, each of which names the release that the migrations below it came with.
 */

export type LandedMigration = { name: string; checksum: string };

/** A release and all migrations that its schema consists of, those of earlier releases included. */
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

/** Complaints about these migrations, checked against the list of those that have landed; empty if all is well. */
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

/** Migrations that belong to no release yet. */
export function notLanded(landed: readonly LandedMigration[], present: readonly NamedMigration[]): string[] {
  const names = new Set(landed.map(({ name }) => name));
  return present.map(({ name }) => name).filter((name) => !names.has(name));
}

/**
 * Adds the migrations that have not landed yet to the list, under the coming release. Throws if that release
 * is on the list already, because its migrations are fixed.
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
