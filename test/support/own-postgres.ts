import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import { createTestFolder } from './folder.js';

/** A Postgres of one test file's own, for what belongs to a whole server: roles. Of the run's version. */
export type OwnPostgres = {
  /** As its superuser. */
  admin: pg.Client;
  /** Makes a role that may do nothing but log in and what `options` say, with a database that it owns. */
  createOwned: (role: string, options?: string) => Promise<string>;
  close: () => Promise<void>;
};

/** One with every character that means something in a URL. */
export const PASSWORD = 'p@ss/w:rd#?%25 &+$';

export async function startOwnPostgres(): Promise<OwnPostgres> {
  const binDir = process.env['TEST_POSTGRES_BIN'];
  const server = await startEmbeddedPostgres({
    dataDir: await createTestFolder('own-postgres-'),
    log: () => undefined,
    settings: { fsync: 'off' },
    ...(binDir ? { binDir } : {}),
  });
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  return {
    admin,
    createOwned: async (role, options = '') => {
      await admin.query(`create role ${role} login password '${PASSWORD}' ${options}`);
      await admin.query(`create database ${role} owner ${role}`);
      const url = new URL(server.url);
      url.username = role;
      url.password = encodeURIComponent(PASSWORD);
      url.pathname = role;
      return url.href;
    },
    close: async () => {
      await admin.end();
      await server.stop();
    },
  };
}
