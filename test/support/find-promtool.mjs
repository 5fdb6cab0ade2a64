import { doWithout, findProgram } from './find-program.mjs';

/** Prometheus's own judge of metrics, from the PATH, or null, which it says in one line. */
export function findPromtool() {
  const found = findProgram(['promtool']);
  if (found !== undefined) return found;
  const said = (reason) => `Without Prometheus: ${reason}. Metrics are not checked by it.`;
  return doWithout('REQUIRE_PROMTOOL', 'promtool is not on the PATH', said);
}
