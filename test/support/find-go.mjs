import { doWithout, findProgram } from './find-program.mjs';

/** The Go command, from the PATH, or null, which it says in one line. */
export function findGo() {
  const found = findProgram(['go']);
  if (found !== undefined) return found;
  const said = (reason) => `Without Go: ${reason}. What docs/webhooks.md has for Go is not run.`;
  return doWithout('REQUIRE_GO', 'go is not on the PATH', said);
}
