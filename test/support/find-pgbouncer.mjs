import { doWithout, findProgram, PATH_FOLDERS } from './find-program.mjs';

/** A pooler as it stands before many a Postgres, from the PATH or where Debian puts it; null, which it says in one line. */
export function findPgBouncer() {
  const found = findProgram(['pgbouncer'], [...PATH_FOLDERS, '/usr/sbin']);
  if (found !== undefined) return found;
  const said = (reason) => `Without PgBouncer: ${reason}. Nothing is tried through a pooler.`;
  return doWithout('REQUIRE_PGBOUNCER', 'pgbouncer is not on the PATH', said);
}
