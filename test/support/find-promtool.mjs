import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Prometheus's own judge of metrics, from the PATH, or null, which it says in one line. */
export function findPromtool() {
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'promtool'))
    .find(isProgram);
  if (found !== undefined) return found;
  const reason = 'promtool is not on the PATH';
  if (process.env['REQUIRE_PROMTOOL'] === '1') throw new Error(`REQUIRE_PROMTOOL=1, but ${reason}.`);
  process.stderr.write(`Without Prometheus: ${reason}. Metrics are not checked by it.\n`);
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
