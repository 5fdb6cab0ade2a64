import type pg from 'pg';
import { readServerFacts, readTableRights } from '../../db/connection/server-facts.js';
import { ResilientClient } from '../../db/connection/resilient-client.js';
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
  const client = new ResilientClient({
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
    return failed('database', `fails (${reasonOf(error)})`, 'look at the log of Postgres');
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
  return failed(
    'database',
    `${found}, read-only`,
    'point DATABASE_URL at the primary, and make sure that it accepts writes',
  );
}

/** Of a database without tables of ours, what the first migration needs; else what the service does every day. */
async function checkRights(client: pg.Client, isBegun: boolean): Promise<Check> {
  const check = 'rights in the database';
  const rights = await readRights(client);
  const grants = missingGrants(rights);
  if (!isBegun) {
    if (grants.length === 0) return fine(check, 'may create its schemas and tables');
    return failed(check, 'may not create its schemas and tables', `as an administrator run "${grants.join(' ')}"`);
  }
  const { closed, owner, isOwner, mayMakePartitions } = await readTableRights(client);
  if (closed.length > 0) {
    const few = closed.slice(0, 3).join(', ');
    const advice = `use role ${owner ?? 'that owns them'}, or as that role run "recording-ledger migrate --grant-to ${rights.role}"`;
    return failed(check, `may not read and write ${String(closed.length)} tables (${few} …)`, advice);
  }
  if (isOwner) return fine(check, 'owns its tables');
  if (mayMakePartitions)
    return fine(check, `reads and writes the tables of ${owner ?? 'another role'}, which migrates`);
  const advice = `as role ${owner ?? 'that owns them'} run "recording-ledger migrate --grant-to ${rights.role}", or the daily partitions cannot be created`;
  return warning(check, `reads and writes the tables of ${owner ?? 'another role'}`, advice);
}

function checkMigrations(state: MigrationState): Check {
  const check = 'migrations';
  const { applied, missing, unfinished, changed, newer, breaking, others } = state;
  if (others.length > 0)
    return failed(
      check,
      `the database contains tables of something else: ${others.join(', ')}`,
      'give the ledger a database of its own',
    );
  if (breaking.length > 0) {
    const reasons = breaking.map(({ migration_name, reason }) => `${migration_name} (${reason})`).join(', ');
    return failed(check, `a newer release has made changes that break this one: ${reasons}`, 'start the newer release');
  }
  if (changed.length > 0)
    return failed(check, `changed after they were applied: ${changed.join(', ')}`, 'restore the files of the release');
  if (unfinished.length > 0)
    return warning(
      check,
      `not finished: ${unfinished.join(', ')}`,
      'it is running now, or the next start tries it again: look at the log of that start',
    );
  if (missing.length > 0)
    return warning(
      check,
      `${String(missing.length)} to apply, from ${missing[0] ?? ''} on`,
      'run "recording-ledger migrate", or start the service',
    );
  const ahead = newer.length === 0 ? '' : `, and ${String(newer.length)} of a newer release, which this one works with`;
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
      'run "recording-ledger migrate", or start the service, to create it',
    );
  }
  if (advice !== null) return warning(check, 'recording_reader cannot read schema reporting', advice);
  if (isBegun) return fine(check, 'recording_reader reads schema reporting');
  const { mayCreateRoles } = await readRights(client);
  if (mayCreateRoles) return fine(check, 'recording_reader can be created');
  const later = `for analysts, an administrator has to run "${CREATE_READER}", before or after the first start`;
  return warning(check, 'recording_reader cannot be created by this role', later);
}

function adviceOnRefusal(error: unknown): string {
  const { code } = error as { code?: unknown };
  const reason = reasonOf(error);
  if (/no pg_hba\.conf entry|no encryption/.test(reason))
    return 'Postgres requires TLS, or does not accept this address: try ?sslmode=require in DATABASE_URL';
  if (/certificate|SSL|TLS/i.test(reason))
    return 'the TLS connection fails: check sslmode and sslrootcert in DATABASE_URL';
  if (code === '28P01' || code === '28000' || /password/i.test(reason))
    return 'check user and password in DATABASE_URL: percent-encode characters like @ : / # %, or put the password into PGPASSWORD instead';
  if (code === '3D000') return 'create that database, or correct its name in DATABASE_URL';
  if (code === '53300') return 'Postgres has no connection to spare: raise max_connections, or close other connections';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the host in DATABASE_URL cannot be resolved: correct it';
  return 'start Postgres, open the firewall, or correct host and port in DATABASE_URL';
}
