import pg from 'pg';
import { ResilientClient } from './resilient-client.js';

/*
 * A pooler that shares by the transaction (PgBouncer, and those of managed Postgres) gives each transaction another
 * session of the server: what one sets, prepares or locks for its session, the next one does not find, and somebody
 * else does. So each new connection is asked whether its session is its own, and only then is anything kept there.
 * Ours: docs/decisions/044-nothing-is-kept-in-a-session-of-others.md
 */

/** How long to wait for a connection, for a statement, and within it for a lock. */
export type Patience = { connectMs: number; statementMs: number; lockMs: number };

type Session = { isOwn: boolean; patience: Patience };

const sessions = new WeakMap<object, Session>();

/**
 * Sets the limits of a new connection for all that follows, if the session is its own: then the server's process is
 * the one that was announced when it connected; a pooler announces a made-up one.
 */
export async function claimSession(client: pg.ClientBase, patience: Patience): Promise<void> {
  const announced = client instanceof ResilientClient ? client.processID : null;
  const limits = Object.entries(limitsOf(patience));
  const set = limits.map(([name], n) => `set_config('${name}', $${String(n + 2)}, false)`).join(', ');
  const claim = {
    text: `select ${set} where pg_backend_pid() = $1`,
    values: [announced, ...limits.map(([, value]) => value)],
    query_timeout: patience.connectMs,
  };
  const { rowCount } = await client.query(claim);
  sessions.set(client, { isOwn: rowCount === 1, patience });
}

function limitsOf({ statementMs, lockMs }: Patience): Record<string, string> {
  return {
    statement_timeout: String(statementMs),
    lock_timeout: String(lockMs),
    idle_in_transaction_session_timeout: String(statementMs),
  };
}

/** How a transaction begins on this connection: in a shared session it brings its limits along. */
export function beginningOf(client: pg.ClientBase): string {
  const session = sessions.get(client);
  if (session === undefined || session.isOwn) return 'begin';
  const limits = Object.entries(limitsOf(session.patience)).map(([name, value]) => `set local ${name} = ${value}`);
  return ['begin', ...limits].join('; ');
}

type NamedStatement = { name: string; text: string; values: unknown[] };

/** Runs a statement that the server prepares once for each connection; in a shared session it is prepared each time. */
export async function queryNamed<Row extends pg.QueryResultRow>(
  db: Pick<pg.Pool, 'query'>,
  statement: NamedStatement,
): Promise<pg.QueryResult<Row>> {
  if (!(db instanceof pg.Pool)) return db.query<Row>(fittedTo(db, statement));
  const client = await db.connect();
  try {
    const result = await client.query<Row>(fittedTo(client, statement));
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

function fittedTo(client: object, { name, text, values }: NamedStatement): pg.QueryConfig {
  return sessions.get(client)?.isOwn === true ? { name, text, values } : { text, values };
}
