import pg from 'pg';
import { reasonOf } from './reason-of.js';

const CONNECT_TIMEOUT_MS = 5_000;

/** One connection for migrating. Throws, with what to do, where Postgres does not let us in. */
export async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString,
    application_name: 'recording-ledger migrate',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // A broken connection fails the running statement; without this listener it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    const address = `${client.host}:${client.port}/${client.database ?? ''}`;
    throw new Error(
      `Postgres at ${address} does not let us in (${reasonOf(error)}): start it, or correct DATABASE_URL.`,
      { cause: error },
    );
  }
}
