import type pg from 'pg';
import { readServerFacts, readTableRights } from '../../db/connection/server-facts.js';
import { SturdyClient } from '../../db/connection/sturdy-client.js';
import { readMigrationState, type MigrationState } from '../../db/migrations/migration-state.js';
import { reasonOf } from '../../db/migrations/reason-of.js';
import { adviceOnReader, CREATE_READER, readReader } from '../../db/migrations/reporting-reader.js';
import { missingGrants, readRights } from '../../db/migrations/rights.js';
import { failed, fine, warning, type Check } from './check.js';

const OLDEST = 150_000;
const CONNECT_MS = 5_000;

/** `isBegun`: it holds a ledger, so processes may be asking with the slots that it keeps. */
export type FoundDatabase = { client: pg.Client; isBegun: boolean; checks: Check[] };

/** The caller ends the client. A check alone where nobody lets us in. */
export async function checkDatabase(url: string): Promise<FoundDatabase | Check> {
  const client = new SturdyClient({
    connectionString: url,
    application_name: 'recording-ledger doctor',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: CONNECT_MS,
  });
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined); // a connection that was never made
    return failed('database', `does not let us in (${reasonOf(error)})`, adviceOnRefusal(error));
  }
  try {
    return await examine(client);
  } catch (error) {
    await client.end().catch(() => undefined); // it may be the connection that broke
    return failed('database', `lets us in, and fails (${reasonOf(error)})`, 'look into the log of Postgres');
  }
}

async function examine(client: pg.Client): Promise<FoundDatabase> {
  const server = await checkServer(client);
  const state = await readMigrationState(client).catch((error: unknown) => reasonOf(error));
  if (typeof state === 'string') {
    const closed = failed(
      'migrations',
      `cannot be read (${state})`,
      "grant the role the ledger's tables, or use their owner",
    );
    return { client, isBegun: true, checks: [server, await checkRights(client, true), closed] };
  }
  const isBegun = state.applied.length > 0;
  const checks = [
    server,
    await checkRights(client, isBegun),
    checkMigrations(state),
    await checkReader(client, isBegun),
  ];
  return { client, isBegun, checks };
}

async function checkServer(client: pg.Client): Promise<Check> {
  const { version, versionNumber, role, isReadOnly } = await readServerFacts(client);
  const found = `Postgres ${version}, as role ${role}`;
  if (versionNumber < OLDEST) return failed('database', found, 'use Postgres 15 or later');
  if (!isReadOnly) return fine('database', found);
  return failed('database', `${found}, read-only`, 'let DATABASE_URL name the primary, in read-write mode');
}

/** Of a database without tables of ours, what the first migration needs; else what the service does every day. */
async function checkRights(client: pg.Client, isBegun: boolean): Promise<Check> {
  const check = 'rights in the database';
  const rights = await readRights(client);
  const grants = missingGrants(rights);
  if (!isBegun) {
    if (grants.length === 0) return fine(check, 'may make its schemas and tables');
    return failed(check, 'may not make its schemas and tables', `as an administrator run "${grants.join(' ')}"`);
  }
  const { closed, owner, isOwner } = await readTableRights(client);
  if (closed.length > 0) {
    const few = closed.slice(0, 3).join(', ');
    const advice = `use role ${owner ?? 'that owns them'}, or run "grant ${owner ?? '…'} to ${rights.role};"`;
    return failed(check, `may not read and write ${String(closed.length)} tables (${few} …)`, advice);
  }
  if (isOwner) return fine(check, 'owns its tables');
  const advice = `run "grant ${owner ?? '…'} to ${rights.role};" or nothing makes each day's partitions and the next release's migrations`;
  return warning(check, `reads and writes the tables of ${owner ?? 'another role'}`, advice);
}

function checkMigrations(state: MigrationState): Check {
  const check = 'migrations';
  const { applied, missing, unfinished, changed, newer, breaking, others } = state;
  if (others.length > 0)
    return failed(
      check,
      `the database holds tables of something else: ${others.join(', ')}`,
      'give the ledger a database of its own',
    );
  if (breaking.length > 0) {
    const reasons = breaking.map(({ migration_name, reason }) => `${migration_name} (${reason})`).join(', ');
    return failed(check, `a newer release has changed what this one needs: ${reasons}`, 'start the newer release');
  }
  if (changed.length > 0)
    return failed(
      check,
      `applied as another file: ${changed.join(', ')}`,
      'put back the files of the release, unchanged',
    );
  if (unfinished.length > 0)
    return warning(
      check,
      `begun and not ended: ${unfinished.join(', ')}`,
      "it is running, or the next start tries it again: look at that one's log",
    );
  if (missing.length > 0)
    return warning(
      check,
      `${String(missing.length)} to apply, from ${missing[0] ?? ''} on`,
      'run "recording-ledger migrate", or start the service',
    );
  const ahead = newer.length === 0 ? '' : `, and ${String(newer.length)} of a newer release that this one works with`;
  return fine(check, `all ${String(applied.length - newer.length)} applied${ahead}`);
}

/** Before the first migration the question is whether that will be able to make the role. */
async function checkReader(client: pg.Client, isBegun: boolean): Promise<Check> {
  const check = 'reporting role';
  const state = await readReader(client);
  const advice = adviceOnReader(state);
  if (state.kind === 'no_role' && state.mayCreateRoles) {
    return warning(
      check,
      'recording_reader is missing',
      'run "recording-ledger migrate", or start the service: it makes it',
    );
  }
  if (advice !== null) return warning(check, 'recording_reader cannot read schema reporting', advice);
  if (isBegun) return fine(check, 'recording_reader reads schema reporting');
  const { mayCreateRoles } = await readRights(client);
  if (mayCreateRoles) return fine(check, 'recording_reader can be made');
  const later = `once an administrator runs "${CREATE_READER}", before or after the first start, analysts can read`;
  return warning(check, 'recording_reader cannot be made by this role', later);
}

function adviceOnRefusal(error: unknown): string {
  const { code } = error as { code?: unknown };
  const reason = reasonOf(error);
  if (/no pg_hba\.conf entry|no encryption/.test(reason))
    return 'Postgres wants TLS or another address: try ?sslmode=require in DATABASE_URL';
  if (/certificate|SSL|TLS/i.test(reason))
    return 'TLS does not come about: check sslmode and sslrootcert in DATABASE_URL';
  if (code === '28P01' || code === '28000' || /password/i.test(reason))
    return 'check user and password in DATABASE_URL: characters like @ : / # % in it are percent-encoded, or leave it out and set PGPASSWORD';
  if (code === '3D000') return 'create that database, or correct its name in DATABASE_URL';
  if (code === '53300') return 'Postgres has no connection to spare: raise max_connections, or end others';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the host in DATABASE_URL is unknown here: correct it';
  return 'start Postgres, open the way to it, or correct host and port in DATABASE_URL';
}
