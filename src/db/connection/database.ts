import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../../generated/prisma/client.js';
import { claimSession, type Patience } from './own-session.js';
import { ResilientClient } from './resilient-client.js';

/**
 * One Postgres, used in two ways over the same connections: Prisma for plain reads of the API and the
 * commands; `pool` for statements with a lock, a CTE or a set of rows.
 */
export type Db = { pool: pg.Pool; prisma: PrismaClient };

/** What a statement can run on: the pool, or the one connection of a transaction. */
export type Queryable = Pick<pg.Pool, 'query'>;

export type DatabaseOptions = {
  url: string;
  /** The size of the pool, which Prisma shares: code that holds a connection must not wait for Prisma. */
  maxConnections: number;
  applicationName: string;
  /** Called for a connection that broke while idle; the pool replaces it. */
  onIdleError: (error: Error) => void;
  patience?: Patience;
};

/** A statement that takes longer than this is cancelled; its work is found again. */
const USUAL: Patience = { connectMs: 5_000, statementMs: 30_000, lockMs: 10_000 };

export function openDatabase(options: DatabaseOptions): Db {
  const pool = openPool(options);
  return { pool, prisma: new PrismaClient({ adapter: new PrismaPg(pool) }) };
}

/**
 * Prisma builds its query compiler with the first query, which blocks the process for a fifth of a second.
 * This does it before anything is received.
 */
export async function warmUp({ prisma }: Db): Promise<void> {
  await prisma.ledgerSession.findFirst({ select: { sid: true } });
}

/** A pool without Prisma. */
export function openPool(options: DatabaseOptions): pg.Pool {
  const pool = new pg.Pool(poolSettings(options));
  // The pool passes the whole client on too, which belongs in no log.
  pool.on('error', (error) => {
    options.onIdleError(error);
  });
  return pool;
}

function poolSettings(options: DatabaseOptions): pg.PoolConfig {
  const { patience = USUAL } = options;
  const { connectMs, statementMs } = patience;
  return {
    connectionString: options.url,
    max: options.maxConnections,
    application_name: options.applicationName,
    connectionTimeoutMillis: connectMs,
    // The server's limits are set once it is connected: poolers refuse connections that ask for them.
    verify: (client, done) => void claimSession(client, patience).then(() => done(), done),
    // The same limit on the client's side, for a server that is gone and never answers.
    query_timeout: statementMs + connectMs,
    keepAlive: true,
    Client: ResilientClient,
  };
}

export async function closeDatabase(db: Db): Promise<void> {
  await db.prisma.$disconnect();
  await db.pool.end();
}

/** Throws where Postgres does not answer. */
export async function ping({ pool }: Pick<Db, 'pool'>): Promise<void> {
  await pool.query('select 1');
}

/** The id of this ledger: two ledgers may share a Redis and must not see each other's jobs. */
export async function readLedgerId(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ id: string }>(`select ledger_identity.id from ledger_identity`);
  if (rows[0] === undefined) throw new Error('table ledger_identity is empty: run the migrations');
  return rows[0].id;
}
