import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A pooler as it stands before many a Postgres, from the PATH or where Debian puts it; null, which it says in one line. */
export function findPgBouncer() {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  const found = folders.map((folder) => join(folder, 'pgbouncer')).find(isProgram);
  if (found !== undefined) return found;
  const reason = 'pgbouncer is not on the PATH';
  if (process.env['REQUIRE_PGBOUNCER'] === '1') throw new Error(`REQUIRE_PGBOUNCER=1, but ${reason}.`);
  process.stderr.write(`Without PgBouncer: ${reason}. Nothing is tried through a pooler.\n`);
  return null;
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
