import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openClusterFolder, type ClusterFolder } from './cluster-folder.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

/**
 * Marks the database in `dataDir` as moved to this address, and keeps it as it is. From then on it refuses to start:
 * a second ledger that begins where the first was left would answer differently, and nobody would notice.
 */
export async function markMoved(dataDir: string, address: string): Promise<void> {
  await writeFile(markerOf(await openClusterFolder(dataDir)), `${address}\n`);
}

/** Throws where the database was moved away. */
export async function refuseMoved(folder: ClusterFolder): Promise<void> {
  const marker = markerOf(folder);
  const address = await readFile(marker, 'utf8').catch(() => null);
  if (address === null) return;
  throw new EmbeddedPostgresError(
    'moved',
    `The ledger in ${folder.root} was moved to ${address.trim()}: set DATABASE_URL to that, or delete ${marker} to go on with the old one as it was then.`,
  );
}

function markerOf({ root }: ClusterFolder): string {
  return join(root, 'moved');
}
