import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const PROGRAMS = ['initdb', 'postgres', 'psql', 'pg_dump', 'pg_restore'];
/** Where Debian puts them, off the PATH. */
const DEBIAN = '/usr/lib/postgresql';

/** The folder of a whole Postgres, server and tools of one version, as its users have it; null where there is none. */
export function findPostgresPrograms(): string | null {
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin')) : [];
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...debian];
  return folders.find((folder) => PROGRAMS.every((program) => existsSync(join(folder, program)))) ?? null;
}
