import type pg from 'pg';

/** What the role that we are may do here, as far as migrations ask for it. */
export type Rights = {
  role: string;
  database: string;
  /** Where tables are made; null where the search path names no schema that is there. */
  schema: string | null;
  mayCreateInDatabase: boolean;
  mayCreateInSchema: boolean;
  mayCreateRoles: boolean;
};

export async function readRights(client: pg.Client): Promise<Rights> {
  const { rows } = await client.query<Rights>(
    `select current_user::text as role, current_database()::text as database, current_schema()::text as schema,
            has_database_privilege(current_database(), 'create') as "mayCreateInDatabase",
            coalesce(has_schema_privilege(current_schema(), 'create'), false) as "mayCreateInSchema",
            (select pg_roles.rolsuper or pg_roles.rolcreaterole from pg_roles where pg_roles.rolname = current_user)
              as "mayCreateRoles"`,
  );
  if (rows[0] === undefined) throw new Error('the database did not tell what its role may do');
  return rows[0];
}

/** What an administrator runs, in this database, so that the first migration can be applied; empty where it can be. */
export function missingGrants({ role, database, schema, mayCreateInDatabase, mayCreateInSchema }: Rights): string[] {
  const inDatabase = `grant create on database ${quoted(database)} to ${quoted(role)};`;
  const inSchema = `grant usage, create on schema ${quoted(schema ?? 'public')} to ${quoted(role)};`;
  return [...(mayCreateInDatabase ? [] : [inDatabase]), ...(mayCreateInSchema ? [] : [inSchema])];
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
