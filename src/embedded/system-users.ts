import { readFile } from 'node:fs/promises';
import { runProgram } from './run-program.js';
import { sameUser, type UserIds } from './server-user.js';

export type SystemUser = UserIds & { name: string };

/** The local users, without those of a directory service. Empty where there is no such file. */
export async function readSystemUsers(): Promise<SystemUser[]> {
  const lines = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return lines.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    if (name === undefined || uid === undefined || gid === undefined) return [];
    return [{ name, uid: Number(uid), gid: Number(gid) }];
  });
}

/** The system user `postgres`, made if it is missing. Null where it can be neither found nor made. */
export async function ensurePostgresUser(root: UserIds): Promise<SystemUser | null> {
  const found = await findPostgresUser();
  if (found !== null) return found;
  const self = sameUser(root);
  await runProgram(self, 'groupadd', ['--system', 'postgres'], '/');
  const options = ['--system', '--gid', 'postgres', '--no-create-home', '--shell', '/bin/false'];
  await runProgram(self, 'useradd', [...options, 'postgres'], '/');
  return findPostgresUser();
}

async function findPostgresUser(): Promise<SystemUser | null> {
  return (await readSystemUsers()).find((user) => user.name === 'postgres') ?? null;
}
