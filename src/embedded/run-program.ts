import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { ServerUser } from './server-user.js';

export type ProgramResult = { succeeded: boolean; stdout: string; stderr: string };

/**
 * Nothing of our own environment: PGPORT, PGOPTIONS and the like would change what Postgres does,
 * and a locale that is not installed would stop initdb.
 */
export const PROGRAM_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
};

/** Runs a program to its end as `user`. A program that cannot even be started did not succeed. */
export async function runProgram(
  user: ServerUser,
  file: string,
  args: readonly string[],
  cwd: string,
): Promise<ProgramResult> {
  const command = user.command(file, args);
  const child = spawn(command.file, command.args, {
    ...command.ids,
    cwd,
    env: PROGRAM_ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | Error | null>((resolve) => {
    child.once('error', resolve);
    child.once('close', resolve);
  });
  const [end, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (end instanceof Error) return { succeeded: false, stdout, stderr: end.message };
  return { succeeded: end === 0, stdout: stdout.trim(), stderr: stderr.trim() };
}
