import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { userInfo } from 'node:os';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { runProgram } from './run-program.js';
import { namespacedUser, otherUser, sameUser } from './server-user.js';
import type { ServerUser, UserIds } from './server-user.js';
import { ensurePostgresUser, readSystemUsers } from './system-users.js';

export type ChosenUser = { user: ServerUser; majorVersion: number };

/**
 * Finds a user that may run the program `postgres` and enter the folder around `folder`, which exists
 * already. A normal user runs it as itself. For root the choice is, in this order: the owner of a data folder
 * that is not root's; root itself in a user namespace; the owner of the nearest enclosing folder that is not
 * root's; the system user `postgres`. Nothing is created on the system before the last of them.
 */
export async function chooseServerUser(folder: string, postgres: string): Promise<ChosenUser> {
  const refusals: string[] = [];
  for await (const user of candidates(folder)) {
    const enclosing = dirname(folder);
    const probe = await runProgram(
      user,
      '/bin/sh',
      ['-c', 'cd "$1" && exec "$2" --version', 'sh', enclosing, postgres],
      '/',
    );
    if (probe.succeeded) return { user, majorVersion: majorVersion(probe.stdout) };
    refusals.push(`${user.name}: ${lastLine(probe.stderr)}`);
  }
  throw noUserLeft(folder, refusals);
}

async function* candidates(folder: string): AsyncGenerator<ServerUser> {
  const self = currentIds();
  if (self.uid !== 0) {
    if (!isKnownToSystem()) yield* namespaced(self);
    yield sameUser(self);
    return;
  }
  const owner = await ownerOf(folder);
  if (owner.uid !== 0) {
    yield otherUser(owner);
    return;
  }
  yield* namespaced(self);
  const neighbour = await nearestOtherOwner(dirname(folder));
  if (neighbour !== null) yield otherUser(neighbour);
  const postgres = await ensurePostgresUser(self);
  if (postgres !== null) yield otherUser(postgres, 'the system user postgres');
}

async function* namespaced(self: UserIds): AsyncGenerator<ServerUser> {
  if (process.platform !== 'linux') return;
  const users = (await readSystemUsers()).filter((user) => user.uid !== 0);
  const inside = users.find((user) => user.name === 'postgres') ?? users[0];
  if (inside !== undefined) yield namespacedUser(self, inside);
}

/** Root working in a user's home: the owner of the home may enter it. */
async function nearestOtherOwner(folder: string): Promise<UserIds | null> {
  const owner = await ownerOf(folder);
  if (owner.uid !== 0) return owner;
  return folder === dirname(folder) ? null : nearestOtherOwner(dirname(folder));
}

async function ownerOf(path: string): Promise<UserIds> {
  const { uid, gid } = await stat(path);
  return { uid, gid };
}

function currentIds(): UserIds {
  return { uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 };
}

/** False for the made-up number that a container may be started with: initdb asks for its name. */
function isKnownToSystem(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}

/** `--version` answers "postgres (PostgreSQL) 18.4", or "… 15.18 (Debian 15.18-0+deb12u1)". */
function majorVersion(answer: string): number {
  return Number(/\(PostgreSQL\) (\d+)/.exec(answer)?.[1] ?? Number.NaN);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

function noUserLeft(folder: string, refusals: readonly string[]): EmbeddedPostgresError {
  const advice =
    currentIds().uid === 0
      ? `Postgres refuses to run as root: start as a normal user, open the way to ${folder} and to this program for one of them, or set DATABASE_URL.`
      : 'Run "npm ci" again, or set DATABASE_URL.';
  return new EmbeddedPostgresError(
    'no_user_to_run_as',
    `No user of this machine can run the embedded Postgres (${refusals.join('; ')}). ${advice}`,
  );
}
