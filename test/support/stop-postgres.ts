import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** As `pg_ctl stop -m immediate` does: no goodbye, and recovery from the log at the next start. */
export async function stopImmediately(dataDir: string): Promise<void> {
  const file = await readFile(path.join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8');
  process.kill(Number(file.split('\n')[0]), 'SIGQUIT');
}
