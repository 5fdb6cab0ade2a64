import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { doWithout } from './find-program.mjs';

const FOLDERS = ['/usr/lib', '/usr/lib64', '/usr/local/lib', '/opt/homebrew/lib'];
const LIBRARY = join('faketime', 'libfaketimeMT.so.1');

/** TEST_FAKETIME, or where packages put libfaketime, or null, which it says in one line. */
export function findFaketime() {
  const given = process.env['TEST_FAKETIME'];
  if (given) return given;
  const found = FOLDERS.flatMap(places).find((path) => existsSync(path));
  if (found !== undefined) return found;
  const said = (reason) => `Without libfaketime: ${reason}. Clocks are stepped within a process alone.`;
  return doWithout('REQUIRE_FAKETIME', 'libfaketime is not installed and TEST_FAKETIME is not set', said);
}

/** In the folder itself, and in those of each architecture. */
function places(folder) {
  if (!existsSync(folder)) return [];
  const inside = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [join(folder, LIBRARY), ...inside.map(({ name }) => join(folder, name, LIBRARY))];
}
