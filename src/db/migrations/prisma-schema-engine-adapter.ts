import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum, DriverAdapterError } from '@prisma/driver-adapter-utils';
import type {
  SqlDriverAdapter,
  SqlMigrationAwareDriverAdapterFactory,
  SqlQuery,
  SqlResultSet,
} from '@prisma/driver-adapter-utils';
import pg from 'pg';

/**
 * How the schema engine reaches Postgres: Prisma's adapter, save that a script goes to the server as
 * one. Prisma's own cuts scripts at every semicolon, those in the bodies of functions and in comments
 * included, and runs the pieces one by one; whole, a script is also one transaction: all or nothing.
 */
export function schemaEngineAdapters(pool: pg.Pool): SqlMigrationAwareDriverAdapterFactory {
  const factory = new PrismaPg(pool);
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => fitted(await factory.connect(), pool),
    connectToShadowDb: () => connectToShadowDatabase(pool),
  };
}

function fitted(adapter: SqlDriverAdapter, pool: pg.Pool): SqlDriverAdapter {
  const queryRaw = adapter.queryRaw.bind(adapter);
  return Object.assign(adapter, {
    executeScript: async (script: string) => {
      await pool.query(script).catch((error: unknown) => {
        throw asDriverError(error);
      });
    },
    queryRaw: async (query: SqlQuery) => asCharacters(await queryRaw({ ...query, sql: withTextForChar(query.sql) })),
  });
}

/**
 * The engine asks for three columns of `pg_constraint` that are of the internal type "char". Prisma's
 * adapter (7.10) refuses that type, and the engine refuses any but a character in their place: so
 * they travel as text and arrive as characters.
 */
function withTextForChar(sql: string): string {
  return sql.replaceAll(/\b(constr\.contype|con\.confdeltype|con\.confupdtype)\b/g, '$1::text');
}

const CHAR_COLUMNS = ['constraint_type', 'confdeltype', 'confupdtype'];

function asCharacters(result: SqlResultSet): SqlResultSet {
  const columnTypes = result.columnTypes.map((type, column) =>
    CHAR_COLUMNS.includes(result.columnNames[column] ?? '') ? ColumnTypeEnum.Character : type,
  );
  return { ...result, columnTypes };
}

/** A database for the time of one comparison; dropped whatever is still connected to it. */
async function connectToShadowDatabase(pool: pg.Pool): Promise<SqlDriverAdapter> {
  const database = `recording_ledger_shadow_${randomUUID()}`;
  await pool.query(`create database "${database}"`);
  const shadowPool = new pg.Pool({ ...connectionOf(pool), database });
  const adapter = fitted(await new PrismaPg(shadowPool).connect(), shadowPool);
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

/** Converts an error into the form that the engine reports; errors that are not from Postgres stay as they are. */
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
