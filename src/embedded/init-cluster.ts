import { randomBytes } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { hasCluster, type ClusterFolder } from './cluster-folder.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { runProgram } from './run-program.js';
import type { ServerUser } from './server-user.js';

/** The only user of the cluster, and its superuser. */
export const SUPERUSER = 'ledger';

/**
 * Byte order and UTF-8 out of Postgres itself, which it has from 17 on: the same on every machine, and no
 * index turns wrong because the C library changed its mind about sorting.
 */
function initdbOptions(majorVersion: number): readonly string[] {
  return [
    `--username=${SUPERUSER}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    ...(majorVersion >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []),
    '--no-instructions',
  ];
}

export type ClusterMaking = {
  folder: ClusterFolder;
  user: ServerUser;
  initdb: string;
  majorVersion: number;
  /** False only for clusters that need not survive a crash of the machine. */
  durable: boolean;
};

/**
 * Makes the cluster unless it is there. It is made beside its place and renamed into it: killed half
 * way, nothing has happened; of two at once the second finds the place taken and uses what is there.
 */
export async function initCluster(making: ClusterMaking): Promise<void> {
  const { folder, user, initdb, majorVersion, durable } = making;
  if (await hasCluster(folder)) return;
  const draft = `${folder.cluster}.${randomBytes(6).toString('hex')}`;
  const options = [...initdbOptions(majorVersion), ...(durable ? [] : ['--no-sync'])];
  const args = [`--pgdata=${draft}`, `--pwfile=${folder.passwordFile}`, ...options];
  try {
    const made = await runProgram(user, initdb, args, folder.root);
    if (made.succeeded) await rename(draft, folder.cluster).catch(ignoreTakenPlace);
    if (!(await hasCluster(folder))) throw initFailed(folder, made.stderr);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Removes what starts that were killed half way have left. Only for the one who owns the folder. */
export async function removeDrafts({ root, cluster }: ClusterFolder): Promise<void> {
  const prefix = `${basename(cluster)}.`;
  const drafts = (await readdir(root)).filter((name) => name.startsWith(prefix));
  await Promise.all(drafts.map((name) => rm(join(root, name), { recursive: true, force: true })));
}

function ignoreTakenPlace(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
}

function initFailed({ root }: ClusterFolder, stderr: string): EmbeddedPostgresError {
  const reason = stderr.split('\n').find((line) => /error|fatal/i.test(line)) ?? stderr;
  return new EmbeddedPostgresError(
    'start_failed',
    `initdb could not make a database in ${root} (${reason.trim()}): mend that, set DATA_DIR to another folder, or set DATABASE_URL.`,
  );
}
