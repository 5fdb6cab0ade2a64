import { chooseServerUser } from './choose-server-user.js';
import { assertVersion, ensurePassword, handOver, openClusterFolder } from './cluster-folder.js';
import { initCluster } from './init-cluster.js';
import type { EmbeddedLog } from './owned-server.js';
import { findPostgresBinaries } from './postgres-binaries.js';
import { refuseMoved } from './moved-marker.js';
import type { ServerLaunch } from './server-process.js';

export type EmbeddedPostgresOptions = {
  /** Made if it is missing. The database takes the folder `postgres` in it, and nothing else. */
  dataDir: string;
  log: EmbeddedLog;
  /** Postgres settings beyond ours, for instance `{ fsync: 'off' }` where nothing is to last. */
  settings?: Readonly<Record<string, string>>;
  /** Where the programs `initdb` and `postgres` are; those of the npm package where it is left out. */
  binDir?: string;
};

/** What is settled before a server is started or looked for. */
export type PreparedCluster = { launch: Omit<ServerLaunch, 'port'>; password: string; log: EmbeddedLog };

export const HOST = '127.0.0.1';

/** Loopback TCP alone: the path of a socket may hold 107 bytes, and data folders are often deeper. */
const SETTINGS = {
  listen_addresses: HOST,
  unix_socket_directories: '',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** Makes the folder, the password and the cluster, each unless it is there, and finds who may serve it. */
export async function prepareCluster(options: EmbeddedPostgresOptions): Promise<PreparedCluster> {
  const { initdb, postgres } = await findPostgresBinaries(options.binDir);
  const folder = await openClusterFolder(options.dataDir);
  await refuseMoved(folder);
  const { user, majorVersion } = await chooseServerUser(folder.root, postgres);
  const password = await ensurePassword(folder);
  await handOver(folder, user);
  const settings: Record<string, string> = { ...SETTINGS, ...options.settings };
  await initCluster({ folder, user, initdb, majorVersion, durable: settings['fsync'] !== 'off' });
  await assertVersion(folder, majorVersion);
  return { launch: { folder, user, postgres, settings }, password, log: options.log };
}
