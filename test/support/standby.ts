import { execFile } from 'node:child_process';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import { freePort } from '../../src/embedded/free-port.js';
import { findPostgresPrograms } from './find-postgres-programs.js';
import { createTestFolder } from './folder.js';
import { startProgram, type TestProcess } from './processes.js';
import { waitFor } from './wait-for.js';

const run = promisify(execFile);

const binDir = findPostgresPrograms();

/** A second server needs the programs of a whole Postgres, which the packages do not bring. */
export const describeWithStandby = binDir === null ? describe.skip : describe;

const HOST = '127.0.0.1';
/** A standby that allows fewer than its primary does not start. */
const MOST_CONNECTIONS = '200';

export type Primary = {
  url: string;
  admin: pg.Client;
  /** As a machine that loses its power. It is started again later, as one that comes back and knows of nothing. */
  kill: () => Promise<void>;
  stop: () => Promise<void>;
};

/** A server of the test's own, of the programs that standbys are started with. */
export async function startPrimary(settings: Readonly<Record<string, string>> = {}): Promise<Primary> {
  const dataDir = await createTestFolder('primary-');
  const server = await startEmbeddedPostgres({
    dataDir,
    log: () => undefined,
    settings: { fsync: 'off', max_connections: MOST_CONNECTIONS, ...settings },
    binDir: programs(),
  });
  const admin = new pg.Client({ connectionString: server.url });
  admin.on('error', () => undefined);
  await admin.connect();
  const stop = async (): Promise<void> => {
    await admin.end().catch(() => undefined);
    await server.stop();
  };
  const kill = async (): Promise<void> => {
    const [pid] = (await readFile(join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8')).split('\n');
    process.kill(Number(pid), 'SIGKILL');
  };
  return { url: server.url, admin, kill, stop };
}

export type Standby = {
  url: string;
  process: TestProcess;
  /** As it is asked, not as it is told: waits until it takes writes. */
  promote: () => Promise<void>;
  remove: () => Promise<void>;
};

/** A copy of the primary that follows it, `settings` being further ones of its own. Ends with the test's processes. */
export async function startStandby(
  primaryUrl: string,
  name: string,
  settings: readonly string[] = [],
): Promise<Standby> {
  const [folder, port, owner] = [
    await mkdtemp(join(tmpdir(), 'recording-ledger-standby-')),
    await freePort(HOST),
    await serverUser(),
  ];
  if (owner !== null) await chown(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  const source = new URL(primaryUrl);
  source.searchParams.set('application_name', name);
  const copy = asUser(owner, [join(programs(), 'pg_basebackup'), '-D', data, '-R', '-c', 'fast', '-d', source.href]);
  await run(copy.file, copy.args, { cwd: folder });
  const all = [`listen_addresses=${HOST}`, `max_connections=${MOST_CONNECTIONS}`, 'fsync=off', ...settings];
  const own = ['-p', String(port), '-k', '', ...all.flatMap((each) => ['-c', each])];
  const server = asUser(owner, [join(programs(), 'postgres'), '-D', data, ...own]);
  const process = startProgram(server.file, server.args, { cwd: folder });
  const url = new URL(primaryUrl);
  url.host = `${HOST}:${String(port)}`;
  const ask = async (statement: string): Promise<unknown> => {
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    return client
      .query<{ answer: unknown }>(statement)
      .then(({ rows }) => rows[0]?.answer)
      .finally(() => client.end());
  };
  await waitFor(async () => (await ask('select pg_is_in_recovery() as answer')) === true, {
    deadlineMs: 30_000,
    what: 'a standby',
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${process.output()}`);
  });
  return {
    url: url.href,
    process,
    promote: async () => {
      await ask('select pg_promote(true, 30) as answer');
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function programs(): string {
  if (binDir === null) throw new Error('There is no whole Postgres here: put the test into describeWithStandby.');
  return binDir;
}

type User = { uid: number; gid: number } | null;

/** Postgres refuses to run as root: then its own user runs it. */
async function serverUser(): Promise<User> {
  if (process.getuid?.() !== 0) return null;
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (of) => Number((await run('id', [of, 'postgres'])).stdout)),
  );
  return { uid: uid ?? 0, gid: gid ?? 0 };
}

function asUser(user: User, [file = '', ...args]: readonly string[]): { file: string; args: string[] } {
  if (user === null) return { file, args };
  const become = [`--reuid=${String(user.uid)}`, `--regid=${String(user.gid)}`, '--clear-groups'];
  return { file: 'setpriv', args: [...become, file, ...args] };
}
