import { isPermanentRefusal } from './postgres-errors.js';
import { ResilientClient } from './resilient-client.js';

const CONNECT_MS = 1_000;

/** `refused`: for a reason that waiting does not fix, such as a wrong password. */
export type ProbeResult = 'open' | 'refused' | 'away';

/** Whether Postgres accepts a connection. Takes a second at most. */
export async function probePostgres(url: string): Promise<ProbeResult> {
  const client = new ResilientClient({
    connectionString: url,
    application_name: 'recording-ledger start',
    connectionTimeoutMillis: CONNECT_MS,
  });
  try {
    await client.connect();
    return 'open';
  } catch (error) {
    return isPermanentRefusal(error) ? 'refused' : 'away';
  } finally {
    await client.end().catch(() => undefined); // the connection was never made
  }
}
