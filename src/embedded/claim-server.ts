import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

export type ClaimOutcome =
  /** Ours as long as `connection` lives. */
  | { kind: 'claimed'; connection: pg.Client }
  /** Another process that lives uses the server. */
  | { kind: 'owned'; ownerPid: number | null }
  /** The server went away while we asked. */
  | { kind: 'gone' };

/** An arbitrary number that nothing else in the database `postgres` uses. */
const OWNER_LOCK = 7_205_001;
const OWNER_NAME = 'recording-ledger owner, process ';
const RETRY_EVERY_MS = 20;
/** Recovery after a crash can take this long before connections are accepted. */
const DEADLINE_MS = 300_000;

/**
 * Makes this process the owner of a running server, unless a living process owns it. Ownership is an advisory
 * lock of an open connection: the kernel closes the connection of a killed process at once, and a reused
 * process id cannot be mistaken for an owner. `isRunning` is asked while the server starts up or shuts down.
 */
export async function claimServer(connectionString: string, isRunning: () => Promise<boolean>): Promise<ClaimOutcome> {
  const deadline = performance.now() + DEADLINE_MS;
  while (await isRunning()) {
    const connection = new pg.Client({
      connectionString,
      application_name: `${OWNER_NAME}${process.pid}`,
      keepAlive: true,
    });
    // Without a listener a connection that breaks later would end the process.
    connection.on('error', () => undefined);
    try {
      await connection.connect();
      return await lockOrReport(connection);
    } catch (error) {
      await connection.end().catch(() => undefined);
      if (!isPassing(error) || performance.now() > deadline) throw error;
      await delay(RETRY_EVERY_MS);
    }
  }
  return { kind: 'gone' };
}

async function lockOrReport(connection: pg.Client): Promise<ClaimOutcome> {
  const { rows } = await connection.query<{ claimed: boolean; owner: string | null }>(
    `select pg_try_advisory_lock($1) as claimed,
            (select activity.application_name
               from pg_locks as locks
               join pg_stat_activity as activity on activity.pid = locks.pid
              where locks.locktype = 'advisory' and locks.objid = $1 and locks.granted
              limit 1) as owner`,
    [OWNER_LOCK],
  );
  if (rows[0]?.claimed === true) return { kind: 'claimed', connection };
  await connection.end();
  const owner = Number(rows[0]?.owner?.slice(OWNER_NAME.length));
  return { kind: 'owned', ownerPid: Number.isInteger(owner) ? owner : null };
}

/**
 * 57P03: starting up or shutting down; 57P01: shutting down just now. What is not said by Postgres
 * itself is a connection refused or cut off, and means the same as long as the process lives.
 */
function isPassing(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return true;
  return error.code === '57P03' || error.code === '57P01';
}
