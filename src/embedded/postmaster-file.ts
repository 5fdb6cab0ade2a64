import { execFile } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

/** A server that says it serves a cluster. */
export type RunningServer = { pid: number; port: number; ready: boolean };

/** Above every process id that Linux or macOS gives out. */
const NO_PROCESS = 999_999_999;

/**
 * What `postmaster.pid` in the cluster says, if the process it names is really the server of this cluster;
 * else null. The file outlives a server that was killed, and its process id may by now belong to another
 * process: after a restart of a container it usually does.
 * @see https://www.postgresql.org/docs/18/storage-file-layout.html "postmaster.pid"
 */
export async function findRunningServer(cluster: string): Promise<RunningServer | null> {
  const lines = await readLines(cluster);
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  if (!(await isServerOf(pid, cluster))) return null;
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
}

/**
 * Postgres refuses to start while the process of an old `postmaster.pid` lives, whatever that
 * process is. Only the number is replaced: the shared memory that the file names as well is still
 * checked by Postgres, so that no leftover of the old server is overlooked.
 */
export async function replaceStaleProcessId(cluster: string): Promise<void> {
  const [pid, ...rest] = await readLines(cluster);
  if (pid === undefined || pid === '' || (await findRunningServer(cluster)) !== null) return;
  await writeFile(join(cluster, 'postmaster.pid'), [NO_PROCESS, ...rest].join('\n'));
}

async function readLines(cluster: string): Promise<string[]> {
  const content = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  return content.split('\n');
}

/** A zombie has no command line any more, and serves no one. */
async function isServerOf(pid: number, cluster: string): Promise<boolean> {
  if (process.platform !== 'linux') return (await psArguments(pid)).includes(`-D ${cluster} `);
  const args = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  if (basename(args[0] ?? '') !== 'postgres') return false;
  return isSameFolder(args[args.indexOf('-D') + 1] ?? '', cluster);
}

async function psArguments(pid: number): Promise<string> {
  const answer = promisify(execFile)('/bin/ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
  return answer.then(
    ({ stdout }) => stdout,
    () => '',
  );
}

/** By inode: the data folder may have been reached by another path. */
async function isSameFolder(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => stat(path).catch(() => null)));
  return a !== null && a !== undefined && a.ino === b?.ino && a.dev === b.dev;
}
