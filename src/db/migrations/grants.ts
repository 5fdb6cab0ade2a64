import pg from 'pg';
import { connect } from './connect.js';

/** Schemas of what a service reads and writes; the last one is there where the queue is in Postgres. */
const SCHEMAS = ['public', 'evidence_parts', 'bullmq'];

/**
 * Lets a role that owns nothing run the service: all that is there, and what the role that we are will make there.
 * Granting again changes nothing.
 * Ours: docs/decisions/045-the-service-may-own-nothing.md
 */
export async function grantService(connectionString: string, role: string): Promise<void> {
  const client = await connect(connectionString);
  try {
    const { rows } = await client.query<{ name: string }>(
      `select nspname as name from pg_namespace where nspname = any($1::text[]) order by nspname`,
      [SCHEMAS],
    );
    const statements = rows.flatMap(({ name }) => grantsIn(name, pg.escapeIdentifier(role)));
    await client.query(['begin', ...statements, 'commit'].join('; '));
  } finally {
    await client.end();
  }
}

function grantsIn(schema: string, role: string): string[] {
  const [rows, numbers] = ['select, insert, update, delete on', 'usage, select, update on'];
  // BullMQ makes a sequence for each queue when it adds its first job.
  const inside = schema === 'bullmq' ? 'usage, create on' : 'usage on';
  return [
    `grant ${inside} schema ${schema} to ${role}`,
    `grant ${rows} all tables in schema ${schema} to ${role}`,
    `grant ${numbers} all sequences in schema ${schema} to ${role}`,
    `grant execute on all functions in schema ${schema} to ${role}`,
    `alter default privileges in schema ${schema} grant ${rows} tables to ${role}`,
    `alter default privileges in schema ${schema} grant ${numbers} sequences to ${role}`,
    `alter default privileges in schema ${schema} grant execute on functions to ${role}`,
  ];
}
