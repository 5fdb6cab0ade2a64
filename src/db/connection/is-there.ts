import { isForGood } from './refusal.js';
import { SturdyClient } from './sturdy-client.js';

const CONNECT_MS = 1_000;

/** Whether Postgres lets us in, or refuses for a reason that waiting does not mend. */
export async function isThere(url: string): Promise<boolean> {
  const client = new SturdyClient({
    connectionString: url,
    application_name: 'recording-ledger start',
    connectionTimeoutMillis: CONNECT_MS,
  });
  try {
    await client.connect();
    return true;
  } catch (error) {
    return isForGood(error);
  } finally {
    await client.end().catch(() => undefined); // a connection that was never made
  }
}
