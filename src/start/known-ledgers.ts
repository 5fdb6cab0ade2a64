import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/*
 * Files beside the spools that say which ledger a database held when it was last reached. A receiver that
 * starts while the database is away needs this to know which ledger's spool to write to.
 */

export async function rememberLedger(spoolDir: string, databaseUrl: string, ledgerId: string): Promise<void> {
  if ((await recallLedger(spoolDir, databaseUrl)) === ledgerId) return;
  await mkdir(spoolDir, { recursive: true, mode: 0o700 });
  const file = fileOf(spoolDir, databaseUrl);
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, `${ledgerId}\n`);
  await rename(draft, file); // whole or not at all, also when several processes start at once
}

/** Null where this machine has never reached that database. */
export async function recallLedger(spoolDir: string, databaseUrl: string): Promise<string | null> {
  try {
    return (await readFile(fileOf(spoolDir, databaseUrl), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Named by host, port and database, so that a new password changes nothing. */
function fileOf(spoolDir: string, databaseUrl: string): string {
  const { hostname, port, pathname } = new URL(databaseUrl);
  const digest = createHash('sha256').update(`${hostname}:${port}${pathname}`).digest('hex');
  return path.join(spoolDir, `ledger-of-${digest.slice(0, 16)}`);
}
