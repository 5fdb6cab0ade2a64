import { randomBytes } from 'node:crypto';
import { chown, link, lchown, mkdir, readdir, readFile, realpath } from 'node:fs/promises';
import { rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import type { ServerUser } from './server-user.js';

/** The paths of a cluster. All of it is in one folder, so that removing the folder removes everything. */
export type ClusterFolder = {
  /** `<dataDir>/postgres`, as an absolute path without symbolic links. */
  root: string;
  /** What Postgres calls its data directory. */
  cluster: string;
  /** The password of the only user, readable by the owner alone. */
  passwordFile: string;
  /** What the server says. */
  logFile: string;
};

export async function openClusterFolder(dataDir: string): Promise<ClusterFolder> {
  const wanted = join(resolve(dataDir), 'postgres');
  try {
    await mkdir(resolve(dataDir), { recursive: true });
    await mkdir(wanted, { recursive: true, mode: 0o700 });
    const root = await realpath(wanted);
    return {
      root,
      cluster: join(root, 'cluster'),
      passwordFile: join(root, 'password'),
      logFile: join(root, 'server.log'),
    };
  } catch (error) {
    throw unusable(wanted, error);
  }
}

/** True once the cluster is there as a whole: it is made elsewhere and renamed into place. */
export async function hasCluster({ cluster }: ClusterFolder): Promise<boolean> {
  return stat(join(cluster, 'PG_VERSION')).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === 'ENOENT') return false;
      throw unusable(cluster, error);
    },
  );
}

/** Refuses a cluster that another major version of Postgres wrote: the server could not read it. */
export async function assertVersion({ cluster }: ClusterFolder, expected: number): Promise<void> {
  const found = Number(await readFile(join(cluster, 'PG_VERSION'), 'utf8'));
  if (found === expected) return;
  throw new EmbeddedPostgresError(
    'other_version',
    `${cluster} was written by Postgres ${found} and this is Postgres ${expected}: set DATA_DIR to another folder, or serve the old one with Postgres ${found} and point DATABASE_URL at it.`,
  );
}

/**
 * The password, made at the first start. It appears under its name only when complete, so that of
 * two first starts at once both read the same.
 */
export async function ensurePassword(folder: ClusterFolder): Promise<string> {
  const { root, passwordFile } = folder;
  const draft = `${passwordFile}.${randomBytes(6).toString('hex')}`;
  try {
    const known = await readFile(passwordFile, 'utf8').catch(() => null);
    if (known !== null) return known.trim();
    if (await hasCluster(folder)) throw passwordLost(folder);
    await writeFile(draft, randomBytes(24).toString('base64url'), { mode: 0o600 });
    await link(draft, passwordFile).catch(ignoreExisting);
    return (await readFile(passwordFile, 'utf8')).trim();
  } catch (error) {
    throw error instanceof EmbeddedPostgresError ? error : unusable(root, error);
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

/** Gives everything to the user that the server runs as. Root alone can, and needs to. */
export async function handOver({ root }: ClusterFolder, { owner }: ServerUser): Promise<void> {
  if ((await stat(root)).uid === owner.uid) return;
  for (const entry of await readdir(root, { recursive: true })) {
    await lchown(join(root, entry), owner.uid, owner.gid);
  }
  await chown(root, owner.uid, owner.gid);
}

function passwordLost({ root, passwordFile }: ClusterFolder): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'folder_unusable',
    `${passwordFile} is missing or unreadable, and without it the database beside it stays closed: put it back, or remove ${root} to begin with an empty database.`,
  );
}

function unusable(path: string, error: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'folder_unusable',
    `The embedded Postgres cannot keep its data in ${path} (${codeOf(error) ?? String(error)}): make the folder writable for this user, set DATA_DIR to another one, or set DATABASE_URL.`,
    error,
  );
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function ignoreExisting(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error;
}
