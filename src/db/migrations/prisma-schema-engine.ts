import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import type { MigrationList, SchemaFilter } from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';
import type { Migration } from './migrations-folder.js';
import { schemaEngineAdapters } from './prisma-schema-engine-adapter.js';

export type PrismaSchemaEngine = bindings.SchemaEngine;

/** The part of the platform's WebAssembly that is used here; TypeScript has it only beside the DOM. */
declare const WebAssembly: {
  instantiate: (
    code: Uint8Array,
    imports: Record<string, unknown>,
  ) => Promise<{ instance: { exports: { __wbindgen_start: () => void } } }>;
};

/** No table is hidden from the engine. */
export const NO_FILTER: SchemaFilter = { externalTables: [], externalEnums: [] };

let loading: Promise<void> | null = null;

/**
 * Lets `work` use Prisma's schema engine, which is WebAssembly inside this process: for writing migrations
 * and for comparing them with the schema, never at a start. The same engine as a program of its own is what
 * Prisma's command line downloads at its first use, from a host that is often closed. Its connections are
 * closed when `work` is done.
 */
export async function withPrismaSchemaEngine<T>(
  connectionString: string,
  work: (engine: PrismaSchemaEngine) => Promise<T>,
): Promise<T> {
  loading ??= loadEngine();
  await loading;
  const pool = new pg.Pool({ connectionString, application_name: 'recording-ledger schema' });
  // A broken connection fails the running statement; without this listener it would end the process.
  pool.on('error', () => undefined);
  const adapters = bindMigrationAwareSqlAdapterFactory(schemaEngineAdapters(pool));
  try {
    const ignoreLog = () => undefined;
    const engine = await bindings.SchemaEngine.new({ datamodels: undefined }, ignoreLog, adapters);
    return await work(engine).finally(() => {
      engine.free();
    });
  } finally {
    await pool.end();
  }
}

async function loadEngine(): Promise<void> {
  const file = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm');
  const code = await readFile(file.replace(/schema_engine\.js$/, 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(code, {
    './schema_engine_bg.js': withIdleTimers(bindings),
  });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}

/**
 * The engine starts a ten-second timer for its lock and never clears it, which would keep a finished process
 * alive for that time.
 */
function withIdleTimers(imports: Record<string, unknown>): Record<string, unknown> {
  const isTimer = (name: string): boolean => name.startsWith('__wbg_setTimeout_');
  const setIdleTimer = (callback: () => void, ms: number): unknown => setTimeout(callback, ms).unref();
  const names = Object.keys(imports);
  return Object.fromEntries(names.map((name) => [name, isTimer(name) ? setIdleTimer : imports[name]]));
}

/** The migrations in the form that the engine expects; it never opens the files itself. */
export function toMigrationList(baseDir: string, migrations: readonly Migration[]): MigrationList {
  return {
    baseDir,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    shadowDbInitScript: '',
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
    })),
  };
}
