import type pg from 'pg';
import { connect } from './connect.js';
import { inTurn } from './migration-turn.js';
import { reasonOf } from './reason-of.js';

/*
 * Roles belong to the server, not to the database: one may be missing after a restore on another server, or
 * because the role that migrates may not make any, as on a managed Postgres. So what the first migration does
 * about it is looked at again at each start.
 * Ours: docs/decisions/028-the-reporting-role-is-checked-at-every-start.md
 */

/** The role that reads schema `reporting`, and what is in the way of that. */
export type ReaderState =
  | { kind: 'reads' }
  /** Nothing has been migrated yet. */
  | { kind: 'no_schema' }
  | { kind: 'no_role'; mayCreateRoles: boolean }
  | { kind: 'not_granted' };

/** `granted`: it is there, and reads what it could not read before. */
export type ReaderOutcome = ReaderState | { kind: 'granted' } | { kind: 'refused'; reason: string };

/** What an administrator runs where we may not. */
export const CREATE_READER = 'create role recording_reader nologin;';
export const GRANT_READER = [
  'grant usage on schema reporting to recording_reader;',
  'grant select on all tables in schema reporting to recording_reader;',
  'grant execute on all functions in schema reporting to recording_reader;',
].join(' ');

/** Costs one short query where nothing is missing, and else makes the role and its grants as far as it may. */
export async function ensureReportingReader(connectionString: string): Promise<ReaderOutcome> {
  const client = await connect(connectionString);
  try {
    const state = await readReader(client);
    const canMend = state.kind === 'not_granted' || (state.kind === 'no_role' && state.mayCreateRoles);
    if (!canMend) return state;
    return await inTurn(connectionString, client, () => mend(client, state.kind === 'no_role'));
  } finally {
    await client.end();
  }
}

/** One after another: two grants on the same schema at once fail with "tuple concurrently updated". */
async function mend(client: pg.Client, isMissing: boolean): Promise<ReaderOutcome> {
  try {
    if (isMissing) await client.query(CREATE_IF_MISSING);
    await client.query(GRANT_READER);
  } catch (error) {
    return { kind: 'refused', reason: reasonOf(error) };
  }
  const { kind } = await readReader(client);
  // Who may grant some of it only is warned of the rest, and nothing fails.
  return kind === 'reads' ? { kind: 'granted' } : { kind: 'refused', reason: 'not all of it is ours to grant' };
}

/** Another database of the server may make it at the same moment. */
const CREATE_IF_MISSING = `
do $$ begin create role recording_reader nologin; exception when duplicate_object or unique_violation then null; end $$`;

type Found = { schema_found: boolean; role_found: boolean; may_create_roles: boolean; reads: boolean };

export async function readReader(client: pg.Client): Promise<ReaderState> {
  const { rows } = await client.query<Found>(
    `select schema.oid is not null as schema_found, reader.oid is not null as role_found,
            (select own.rolsuper or own.rolcreaterole from pg_roles as own where own.rolname = current_user)
              as may_create_roles,
            coalesce(has_schema_privilege(reader.oid, schema.oid, 'usage'), false)
              and not exists (
                select from pg_class as view where view.relnamespace = schema.oid and view.relkind in ('r', 'v', 'm', 'p')
                   and not has_table_privilege(reader.oid, view.oid, 'select'))
              and not exists (
                select from pg_proc as routine where routine.pronamespace = schema.oid
                   and not has_function_privilege(reader.oid, routine.oid, 'execute')) as reads
     from (select to_regnamespace('reporting')::oid as oid) as schema
     left join pg_roles as reader on reader.rolname = 'recording_reader'`,
  );
  const found = rows[0];
  if (found === undefined || !found.schema_found) return { kind: 'no_schema' };
  if (!found.role_found) return { kind: 'no_role', mayCreateRoles: found.may_create_roles };
  return { kind: found.reads ? 'reads' : 'not_granted' };
}

/** What a person should know or do about it; null where there is nothing. */
export function adviceOnReader(outcome: ReaderOutcome): string | null {
  switch (outcome.kind) {
    case 'reads':
    case 'no_schema':
    case 'granted':
      return null;
    case 'no_role':
      return `Nobody can read schema reporting yet: role recording_reader does not exist, and this role may not create roles. As an administrator run "${CREATE_READER}", then run "recording-ledger migrate" again or restart the service, to grant it everything it reads.`;
    case 'not_granted':
      return 'Role recording_reader cannot read all of schema reporting: run "recording-ledger migrate" or restart the service, to grant the rest.';
    case 'refused':
      return `Role recording_reader cannot read all of schema reporting, and this role may not change that (${outcome.reason}). As the owner of the schema or an administrator run "${CREATE_READER}" if it is missing, then "${GRANT_READER}"`;
  }
}
