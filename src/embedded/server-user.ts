export type UserIds = { uid: number; gid: number };

/** A user that the server can run as. Postgres itself refuses to run as root. */
export type ServerUser = {
  /** For people, after "as" or "for". */
  name: string;
  /** Who owns the files it writes, seen from outside. */
  owner: UserIds;
  /** How to start a program as this user: what to spawn, and with which ids. */
  command: (file: string, args: readonly string[]) => { file: string; args: string[]; ids: Partial<UserIds> };
};

/** The user that this process runs as. */
export function sameUser(ids: UserIds): ServerUser {
  return {
    name: `uid ${ids.uid}`,
    owner: ids,
    command: (file, args) => ({ file, args: [...args], ids: {} }),
  };
}

/** Another user of this system; only root can become one. */
export function otherUser(ids: UserIds, name = `uid ${ids.uid}`): ServerUser {
  return { name, owner: ids, command: (file, args) => ({ file, args: [...args], ids }) };
}

/**
 * Ourselves under another number, in a user namespace of our own: nothing is created on the system, the files
 * stay ours, and folders that are closed to other users stay open to the server. `inside` must be a user that
 * /etc/passwd knows, because initdb looks its name up. `unshare` (util-linux) becomes the program, so the
 * process id is the program's, and signals reach it from outside as usual.
 */
export function namespacedUser(outside: UserIds, inside: UserIds): ServerUser {
  const mapping = ['--user', `--map-user=${inside.uid}`, `--map-group=${inside.gid}`];
  return {
    name: `uid ${outside.uid} in a user namespace`,
    owner: outside,
    command: (file, args) => ({
      file: 'unshare',
      args: [...mapping, '--', file, ...args],
      ids: {},
    }),
  };
}
