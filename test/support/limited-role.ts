import { randomUUID } from 'node:crypto';
import { inDatabase } from './acknowledged.js';

export type LimitedRole = {
  name: string;
  /** Of the same database, as this role. */
  url: string;
  drop: () => Promise<void>;
};

/** A role that may read and write the ledger, and make nothing. The caller drops it after the database. */
export async function createLimitedRole(databaseUrl: string): Promise<LimitedRole> {
  const name = `limited_${randomUUID().replaceAll('-', '')}`;
  await inDatabase(databaseUrl, async (admin) => {
    await admin.query(`create role ${name} login password 'limited'`);
    for (const schema of ['public', 'evidence_parts', 'reporting']) {
      await admin.query(`grant usage on schema ${schema} to ${name}`);
      await admin.query(`grant all on all tables in schema ${schema} to ${name}`);
      await admin.query(`grant all on all sequences in schema ${schema} to ${name}`);
    }
  });
  const url = new URL(databaseUrl);
  url.username = name;
  url.password = 'limited';
  const server = new URL(databaseUrl);
  server.pathname = 'postgres';
  const drop = (): Promise<void> =>
    inDatabase(server.href, async (admin) => {
      await admin.query(`drop role ${name}`);
    });
  return { name, url: url.href, drop };
}
