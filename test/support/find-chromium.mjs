import { doWithout, findProgram, isProgram } from './find-program.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** A browser for the page: the one at TEST_CHROMIUM or on the PATH; or null, which it says in one line. */
export function findChromium() {
  const named = process.env['TEST_CHROMIUM'];
  const found = named ? [named].find(isProgram) : findProgram(NAMES);
  if (found !== undefined) return found;
  const reason = named ? `there is no program at TEST_CHROMIUM=${named}` : 'chromium is not on the PATH';
  const said = (why) => `Without a browser: ${why}. Tests of the page in one are left out.`;
  return doWithout('REQUIRE_BROWSER', reason, said);
}
