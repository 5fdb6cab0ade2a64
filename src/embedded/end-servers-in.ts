import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { basename, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const LOOK_EVERY_MS = 50;
/** A fast shutdown of a small database takes a fraction of it. */
const HARD_AFTER_MS = 5_000;

/**
 * Ends what `startEmbeddedPostgres` has begun below `folder`, an absolute path without symbolic links,
 * however far it got: the making of the cluster, or the server. For data that nobody needs any more.
 */
export async function endServersIn(folder: string): Promise<void> {
  const begin = performance.now();
  for (;;) {
    const pids = await findPrograms(folder);
    if (pids.length === 0) return;
    const isLate = performance.now() - begin > HARD_AFTER_MS;
    for (const pid of pids) signal(pid, isLate ? 'SIGQUIT' : 'SIGINT');
    await delay(LOOK_EVERY_MS);
  }
}

/** By what was asked of them: a server that only begins has not said anywhere yet who it is. */
async function findPrograms(folder: string): Promise<number[]> {
  const all = process.platform === 'linux' ? await commandsOfProc() : await commandsOfPs();
  return all
    .filter(({ args }) => ['postgres', 'initdb'].includes(basename(args[0] ?? '')))
    .filter(({ args }) => args.some((argument) => argument.includes(`${folder}${sep}`)))
    .map(({ pid }) => pid);
}

type RunningProgram = { pid: number; args: readonly string[] };

async function commandsOfProc(): Promise<RunningProgram[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  return Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''); // it has just ended
      return { pid, args: line.split('\0') };
    }),
  );
}

async function commandsOfPs(): Promise<RunningProgram[]> {
  const { stdout } = await promisify(execFile)('/bin/ps', ['-axww', '-o', 'pid=,command=']);
  return stdout.split('\n').map((line) => {
    const [pid = '', ...args] = line.trim().split(' ');
    return { pid: Number(pid), args };
  });
}

/** A process that is gone already needs no signal. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
