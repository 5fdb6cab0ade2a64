import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder, closed to others. It goes with the run even if the run is killed. */
export async function createTestFolder(prefix: string): Promise<string> {
  return mkdtemp(join(process.env['LEDGER_TEST_FOLDER'] ?? tmpdir(), prefix));
}
