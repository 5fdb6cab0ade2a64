import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { claimServer, type ClaimOutcome } from './claim-server.js';
import { openClusterFolder, type ClusterFolder } from './cluster-folder.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { freePort } from './free-port.js';
import { removeDrafts, SUPERUSER } from './init-cluster.js';
import { OwnedServer } from './owned-server.js';
import { replaceStaleProcessId, findRunningServer } from './postmaster-file.js';
import { HOST, prepareCluster } from './prepare-cluster.js';
import type { EmbeddedPostgresOptions, PreparedCluster } from './prepare-cluster.js';
import { launchServer, stopServer } from './server-process.js';
import type { LaunchedServer, ServerLaunch } from './server-process.js';

export type EmbeddedPostgres = {
  /** Of the database `recording_ledger`. Holds for as long as this process does not call `stop`. */
  url: string;
  stop: () => Promise<void>;
  /** True when a killed process had left its server running, and this one replaced it. */
  tookOver: boolean;
};

const DATABASE = 'recording_ledger';

/** Enough for every way to lose a race against another starter; in practice the second ends it. */
const LARGEST_NUMBER_OF_TRIES = 5;

/** The time that a faster process needs to claim its server, so that it is not stopped as abandoned. */
const TIME_TO_CLAIM_MS = 200;

/**
 * Starts a durable Postgres of our own on a free loopback port, made anew in an empty folder.
 * A server that a killed process left behind is shut down first; one whose owner lives makes this
 * throw `already_running`. Every other `EmbeddedPostgresError` says in a line what is in the way.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const prepared = await prepareCluster(options);
  let tookOver = false;
  for (let tries = 0; tries < LARGEST_NUMBER_OF_TRIES; tries += 1) {
    if (tries > 0) await delay(TIME_TO_CLAIM_MS);
    tookOver = (await replaceAbandoned(prepared)) || tookOver;
    const server = await tryToStart(prepared);
    if (server === null) continue;
    await removeDrafts(prepared.launch.folder);
    return { url: server.url, tookOver, stop: () => server.owned.stop() };
  }
  throw alreadyRunning(prepared.launch.folder, null);
}

/** The connection string of the server that another process runs in `dataDir`; null where none runs. */
export async function findEmbeddedPostgres(dataDir: string): Promise<string | null> {
  const { cluster, passwordFile } = await openClusterFolder(dataDir);
  const running = await findRunningServer(cluster);
  if (running?.ready !== true) return null;
  const password = (await readFile(passwordFile, 'utf8')).trim();
  return connectionString({ password }, running.port, DATABASE);
}

/**
 * A server without an owner is shut down and not reused: the process that started it may have been of another
 * version, with other settings and other programs on disk.
 */
async function replaceAbandoned(prepared: PreparedCluster): Promise<boolean> {
  const { cluster } = prepared.launch.folder;
  const running = await findRunningServer(cluster);
  if (running === null) {
    await replaceStaleProcessId(cluster);
    return false;
  }
  const outcome = await claim(prepared, running);
  if (outcome.kind === 'gone') return false;
  if (outcome.kind === 'owned') throw alreadyRunning(prepared.launch.folder, outcome.ownerPid);
  await stopServer(running.pid, cluster);
  prepared.log('embedded_postgres.abandoned_server_stopped', { pid: running.pid });
  return true;
}

type Started = { url: string; owned: OwnedServer };

/** Null if another process was faster: the next try finds its server, and chooses another port. */
async function tryToStart(prepared: PreparedCluster): Promise<Started | null> {
  const launch = { ...prepared.launch, port: await freePort(HOST) };
  const server = await launchServer(launch).catch(async (error: unknown) => {
    const lostTheRace = (await findRunningServer(launch.folder.cluster)) !== null;
    if (lostTheRace || isPortTaken(error)) return null;
    throw error;
  });
  if (server === null) return null;
  try {
    return await takeUp(prepared, launch, server);
  } catch (error) {
    if (!isOwnedByAnother(error)) await stopServer(server.pid, launch.folder.cluster);
    throw error;
  }
}

async function takeUp(
  prepared: PreparedCluster,
  launch: ServerLaunch,
  server: LaunchedServer,
): Promise<Started | null> {
  const outcome = await claim(prepared, server);
  if (outcome.kind === 'gone') return null;
  if (outcome.kind === 'owned') throw alreadyRunning(launch.folder, outcome.ownerPid);
  await ensureDatabase(outcome.connection);
  const adminUrl = connectionString(prepared, server.port, 'postgres');
  const owned = new OwnedServer(launch, adminUrl, prepared.log, server, outcome.connection);
  prepared.log('embedded_postgres.started', { pid: server.pid, as: launch.user.name });
  return { url: connectionString(prepared, server.port, DATABASE), owned };
}

/** The other one stops our server itself, as abandoned, and starts its own. */
function isOwnedByAnother(error: unknown): boolean {
  return error instanceof EmbeddedPostgresError && error.code === 'already_running';
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && error.message.includes('could not create any TCP/IP sockets');
}

async function claim(
  prepared: PreparedCluster,
  { pid, port }: Pick<LaunchedServer, 'pid' | 'port'>,
): Promise<ClaimOutcome> {
  return claimServer(connectionString(prepared, port, 'postgres'), async () => {
    return (await findRunningServer(prepared.launch.folder.cluster))?.pid === pid;
  });
}

async function ensureDatabase(connection: pg.Client): Promise<void> {
  const found = await connection.query('select 1 from pg_database where datname = $1', [DATABASE]);
  if (found.rowCount === 0) await connection.query(`create database ${DATABASE}`);
}

function connectionString({ password }: Pick<PreparedCluster, 'password'>, port: number, database: string): string {
  return `postgresql://${SUPERUSER}:${encodeURIComponent(password)}@${HOST}:${port}/${database}`;
}

function alreadyRunning({ root }: ClusterFolder, pid: number | null): EmbeddedPostgresError {
  const who = pid === null ? 'another process' : `process ${pid}`;
  return new EmbeddedPostgresError(
    'already_running',
    `The database in ${root} is in use by ${who}: stop that one, set DATA_DIR to another folder, or give both the same DATABASE_URL.`,
  );
}
