import pg from 'pg';

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * What a database holds that must not be mixed with something else, in words that complete "it holds …";
 * null for one that is empty, or a ledger in which nothing was ever kept and that nobody uses.
 * Throws where Postgres does not answer.
 */
export async function findContents(url: string): Promise<string | null> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'recording-ledger contents',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  client.on('error', () => undefined); // fails the statement that runs on it
  await client.connect().catch(async (error: unknown) => {
    await client.end().catch(() => undefined);
    throw error;
  });
  try {
    const ledger = await findLedger(client);
    return ledger === undefined ? await findTables(client) : ledger;
  } finally {
    await client.end();
  }
}

/** Undefined where there is no ledger. */
async function findLedger(client: pg.Client): Promise<string | null | undefined> {
  const { rows } = await client.query<{ exists: boolean }>(
    `select to_regclass('ledger_identity') is not null and to_regclass('sessions') is not null as exists`,
  );
  if (rows[0]?.exists !== true) return undefined;
  const kept = await client.query<{ sessions: string; other: boolean; users: string }>(
    `select (select count(*) from sessions) as sessions,
            exists (select from notices) or exists (select from registrations)
              or exists (select from quarantined_bodies) as other,
            (select count(*) from pg_stat_activity as activity
              where activity.datname = current_database() and activity.pid <> pg_backend_pid()
                and activity.application_name like 'recording-ledger%') as users`,
  );
  const { sessions = '0', other = false, users = '0' } = kept.rows[0] ?? {};
  if (sessions !== '0' || other) return `a ledger of ${sessions} sessions`;
  return users === '0' ? null : 'a ledger that another process uses';
}

async function findTables(client: pg.Client): Promise<string | null> {
  const { rows } = await client.query<{ tables: string }>(
    `select count(*) as tables
       from pg_class as class
       join pg_namespace as namespace on namespace.oid = class.relnamespace
      where class.relkind in ('r', 'p') and namespace.nspname <> 'information_schema'
        and namespace.nspname not like 'pg\\_%'`,
  );
  const { tables = '0' } = rows[0] ?? {};
  return tables === '0' ? null : `${tables} tables of something else`;
}
