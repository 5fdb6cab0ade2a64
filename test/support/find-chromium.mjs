import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** A browser for the page: the one at TEST_CHROMIUM or on the PATH; or null, which it says in one line. */
export function findChromium() {
  const named = process.env['TEST_CHROMIUM'];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const places = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = (named ? [named] : places).find(isProgram);
  if (found !== undefined) return found;
  const reason = named ? `there is no program at TEST_CHROMIUM=${named}` : 'chromium is not on the PATH';
  if (process.env['REQUIRE_BROWSER'] === '1') throw new Error(`REQUIRE_BROWSER=1, but ${reason}.`);
  process.stderr.write(`Without a browser: ${reason}. Tests of the page in one are left out.\n`);
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
