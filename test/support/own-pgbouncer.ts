import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../src/embedded/free-port.js';
import { inDatabase } from './acknowledged.js';
import { createTestFolder } from './folder.js';
import { startProgram } from './processes.js';
import { waitFor } from './wait-for.js';

const program = process.env['LEDGER_TEST_PGBOUNCER'] || null;

/** Without PgBouncer these suites do not run; the run has said so in its first lines. */
export const describeWithPgBouncer = program === null ? describe.skip : describe;

const HOST = '127.0.0.1';

/**
 * A PgBouncer of the test's own that shares by the transaction, as it comes: it keeps no prepared statements and
 * refuses connections that ask for settings. Returns the address of the database behind it. It ends with the test's
 * processes.
 */
export async function startPgBouncer(databaseUrl: string): Promise<string> {
  const { hostname, port: server, username, password } = new URL(databaseUrl);
  const [port, folder] = [await freePort(HOST), await createTestFolder('pgbouncer-')];
  const file = join(folder, 'pgbouncer.ini');
  const target = `host=${hostname} port=${server} user=${decodeURIComponent(username)}`;
  const lines = [
    '[databases]',
    `* = ${target} password=${decodeURIComponent(password)}`,
    '[pgbouncer]',
    `listen_addr = ${HOST}`,
    `listen_port = ${String(port)}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    'max_client_conn = 200',
    'default_pool_size = 12',
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  await chmod(folder, 0o755); // it refuses to run as root, and reads its file as somebody else too
  const asSomebody = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  startProgram(program ?? 'pgbouncer', ['-q', ...asSomebody, file]);
  const url = new URL(databaseUrl);
  url.host = `${HOST}:${String(port)}`;
  const answers = (): Promise<unknown> => inDatabase(url.href, (client) => client.query('select 1'));
  await waitFor(answers, { deadlineMs: 10_000, what: 'PgBouncer' });
  return url.href;
}
