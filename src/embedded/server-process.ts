import { spawn, type ChildProcess } from 'node:child_process';
import { open, rename, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterFolder } from './cluster-folder.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { findRunningServer } from './postmaster-file.js';
import { PROGRAM_ENVIRONMENT } from './run-program.js';
import type { ServerUser } from './server-user.js';

export type ServerLaunch = {
  folder: ClusterFolder;
  user: ServerUser;
  postgres: string;
  port: number;
  /** Postgres settings by name. */
  settings: Readonly<Record<string, string>>;
};

export type LaunchedServer = { process: ChildProcess; pid: number; port: number };

const LOOK_EVERY_MS = 10;
/** After a crash Postgres replays its log before it answers; that takes seconds, rarely minutes. */
const START_DEADLINE_MS = 300_000;
/** A fast shutdown writes out at most the shared buffers. */
const STOP_DEADLINE_MS = 60_000;
const LARGEST_LOG_BYTES = 10_000_000;

/** Starts the server and waits until it answers. Throws, with what the server said last, if it ends instead. */
export async function launchServer(launch: ServerLaunch): Promise<LaunchedServer> {
  const { folder, port } = launch;
  const log = await openLog(folder.logFile);
  try {
    const logStart = (await log.stat()).size;
    const server = spawnServer(launch, log.fd);
    const pid = await pidOf(server);
    if (await becomesReady(server, folder.cluster)) return { process: server, pid, port };
    const said = Buffer.alloc(Math.min((await log.stat()).size - logStart, 65_536));
    await log.read(said, 0, said.length, logStart);
    throw new EmbeddedPostgresError('start_failed', startFailure(folder, said.toString()));
  } finally {
    await log.close();
  }
}

/**
 * In a session of its own: a Ctrl-C in the terminal is for us, who still have something to write
 * when the server would be gone. And into a file, not a pipe: the server may outlive us.
 */
function spawnServer({ user, postgres, folder, port, settings }: ServerLaunch, logFd: number) {
  const all = { ...settings, port: String(port) };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = user.command(postgres, ['-D', folder.cluster, ...flags]);
  return spawn(command.file, command.args, {
    ...command.ids,
    cwd: folder.root,
    env: PROGRAM_ENVIRONMENT,
    detached: true,
    stdio: ['ignore', logFd, logFd],
  });
}

async function pidOf(server: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('spawn', () => {
      resolve(server.pid ?? -1);
    });
  });
}

async function becomesReady(server: ChildProcess, cluster: string): Promise<boolean> {
  const deadline = performance.now() + START_DEADLINE_MS;
  while (hasNotEnded(server)) {
    const running = await findRunningServer(cluster);
    if (running?.pid === server.pid && running?.ready === true) return true;
    if (performance.now() > deadline) server.kill('SIGQUIT');
    await delay(LOOK_EVERY_MS);
  }
  return false;
}

export function hasNotEnded(server: ChildProcess): boolean {
  return server.exitCode === null && server.signalCode === null;
}

/**
 * Fast shutdown: transactions are rolled back, everything is written, no recovery is needed at the
 * next start. Returns when the server is gone; one that hangs is ended the hard way, which loses
 * nothing either but makes the next start recover.
 */
export async function stopServer(pid: number, cluster: string): Promise<void> {
  const deadline = performance.now() + STOP_DEADLINE_MS;
  signal(pid, 'SIGINT');
  while ((await findRunningServer(cluster))?.pid === pid) {
    if (performance.now() > deadline) signal(pid, 'SIGQUIT');
    await delay(LOOK_EVERY_MS);
  }
}

/** A process that is gone already needs no signal. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function openLog(path: string) {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LARGEST_LOG_BYTES) await rename(path, `${path}.old`);
  return open(path, 'a+', 0o600);
}

function startFailure({ root, logFile }: ClusterFolder, said: string): string {
  const fatal = said.split('\n').findLast((line) => /(FATAL|PANIC):/.test(line));
  const reason = fatal?.replace(/^.*(FATAL|PANIC):\s*/, '') ?? 'it said nothing';
  return `The embedded Postgres in ${root} did not start (${reason}): see ${logFile}, or set DATABASE_URL.`;
}
