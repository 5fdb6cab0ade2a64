import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { DriverAdapterError } from '@prisma/driver-adapter-utils';
import type {
  SqlDriverAdapter,
  SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import pg from 'pg';

/**
 * How the schema engine reaches Postgres: Prisma's adapter, save that a script goes to the server as
 * one. Prisma's own cuts scripts at every semicolon, those in the bodies of functions and in comments
 * included, and runs the pieces one by one; whole, a script is also one transaction: all or nothing.
 */
export function wholeScriptAdapters(pool: pg.Pool): SqlMigrationAwareDriverAdapterFactory {
  const factory = new PrismaPg(pool);
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => withWholeScripts(await factory.connect(), pool),
    connectToShadowDb: () => connectToShadowDatabase(pool),
  };
}

function withWholeScripts(adapter: SqlDriverAdapter, pool: pg.Pool): SqlDriverAdapter {
  return Object.assign(adapter, {
    executeScript: async (script: string) => {
      await pool.query(script).catch((error: unknown) => {
        throw asDriverError(error);
      });
    },
  });
}

/** A database for the time of one comparison; dropped whatever is still connected to it. */
async function connectToShadowDatabase(pool: pg.Pool): Promise<SqlDriverAdapter> {
  const database = `recording_ledger_shadow_${randomUUID()}`;
  await pool.query(`create database "${database}"`);
  const shadowPool = new pg.Pool({ ...connectionOf(pool), database });
  const adapter = withWholeScripts(await new PrismaPg(shadowPool).connect(), shadowPool);
  return Object.assign(adapter, {
    dispose: async () => {
      await shadowPool.end();
      await pool.query(`drop database "${database}" with (force)`);
    },
  });
}

/** `connectionString` would win over `database`, so it is taken apart. */
function connectionOf({ options }: pg.Pool): pg.PoolConfig {
  const { host, port, user, password, ssl } = new pg.Client(options);
  return { host, port, ssl, ...(user === undefined ? {} : { user }), ...passwordOf(password) };
}

function passwordOf(password: unknown): { password?: string } {
  return typeof password === 'string' ? { password } : {};
}

/** In the words that the engine passes on; anything that Postgres did not say stays as it is. */
function asDriverError(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  return new DriverAdapterError({
    kind: 'postgres',
    code: error.code ?? '',
    severity: error.severity ?? 'ERROR',
    message: error.message,
    detail: error.detail,
    column: error.column,
    hint: error.hint,
  });
}
