import type pg from 'pg';
import { ResilientClient } from '../../db/connection/resilient-client.js';

/** What a connection begins with. `reset role` comes back to the reader, for this is how it began. */
function startOptions(timeoutSeconds: number): string {
  return [
    '-c role=recording_reader',
    '-c default_transaction_read_only=on',
    '-c search_path=reporting',
    `-c statement_timeout=${String(timeoutSeconds)}s`,
  ].join(' ');
}

/** The address under which psql and other tools read as the reader does. */
export function readerUrl(url: string, timeoutSeconds: number): string {
  const own = new URL(url);
  const given = own.searchParams.get('options');
  own.searchParams.delete('options');
  const options = [given, startOptions(timeoutSeconds)].filter((one) => one !== null).join(' ');
  const others = own.searchParams.toString();
  // libpq takes a plus sign for itself: spaces have to be written out.
  own.search = [others, `options=${encodeURIComponent(options)}`].filter((one) => one !== '').join('&');
  return own.href;
}

export async function connectReader(url: string, timeoutSeconds: number): Promise<pg.Client> {
  const client = new ResilientClient({
    connectionString: readerUrl(url, timeoutSeconds),
    application_name: 'recording-ledger sql',
  });
  await client.connect();
  return client;
}
