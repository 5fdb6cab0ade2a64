import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = ['/usr/lib', '/usr/lib64', '/usr/local/lib', '/opt/homebrew/lib'];
const LIBRARY = join('faketime', 'libfaketimeMT.so.1');

/** TEST_FAKETIME, or where packages put libfaketime, or null, which it says in one line. */
export function findFaketime() {
  const given = process.env['TEST_FAKETIME'];
  if (given) return given;
  const found = FOLDERS.flatMap(places).find((path) => existsSync(path));
  if (found !== undefined) return found;
  const reason = 'libfaketime is not installed and TEST_FAKETIME is not set';
  if (process.env['REQUIRE_FAKETIME'] === '1') throw new Error(`REQUIRE_FAKETIME=1, but ${reason}.`);
  process.stderr.write(`Without libfaketime: ${reason}. Clocks are stepped within a process alone.\n`);
  return null;
}

/** In the folder itself, and in those of each architecture. */
function places(folder) {
  if (!existsSync(folder)) return [];
  const inside = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [join(folder, LIBRARY), ...inside.map(({ name }) => join(folder, name, LIBRARY))];
}
