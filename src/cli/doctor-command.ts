import { Command } from 'commander';
import { Redis } from 'ioredis';
import pg from 'pg';
import { environment } from '../config/environment.js';
import { parseConfig, type Config } from '../config/parse-config.js';
import { print } from './with-config.js';

type Check = { what: string; ok: boolean; detail: string };

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check settings, database, queue and Agora addresses, and say what to do')
    .action(async () => {
      const checks = await examine();
      for (const { what, ok, detail } of checks) print(`${ok ? 'ok  ' : 'FAIL'}  ${what}: ${detail}`);
      if (checks.some(({ ok }) => !ok)) process.exitCode = 1;
    });
}

async function examine(): Promise<Check[]> {
  const node = { what: 'Node', ok: Number(process.versions.node.split('.')[0]) >= 20, detail: process.version };
  const parsed = parseConfig(environment());
  if (!parsed.ok) return [node, ...parsed.problems.map((detail) => ({ what: 'setting', ok: false, detail }))];
  const { config } = parsed;
  return [node, agora(config), await database(config), await queue(config)];
}

function agora({ accounts }: Config): Check {
  const apps = accounts.reduce((sum, account) => sum + account.apps.length, 0);
  const detail =
    apps === 0
      ? 'no app is configured: set AGORA_APP_ID, AGORA_CUSTOMER_ID, AGORA_CUSTOMER_SECRET and AGORA_NCS_SECRET'
      : `${String(accounts.length)} account(s), ${String(apps)} app(s)`;
  return { what: 'Agora', ok: apps > 0, detail };
}

async function database({ databaseUrl, dataDir }: Config): Promise<Check> {
  const what = 'Postgres';
  if (databaseUrl === null) return { what, ok: true, detail: `embedded, in ${dataDir}` };
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    const version = rows[0]?.server_version ?? 'unknown';
    return { what, ok: Number.parseInt(version, 10) >= 15, detail: `version ${version}` };
  } catch (error) {
    return { what, ok: false, detail: `does not answer (${reason(error)}); check DATABASE_URL` };
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function queue({ redisUrl }: Config): Promise<Check> {
  const what = 'queue';
  if (redisUrl === null) return { what, ok: true, detail: 'in Postgres' };
  const redis = new Redis(redisUrl, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    const policy = /maxmemory_policy:(\S+)/.exec(await redis.info('memory'))?.[1] ?? 'unknown';
    return { what, ok: true, detail: `Redis, maxmemory-policy ${policy} (noeviction is best)` };
  } catch (error) {
    return { what, ok: false, detail: `Redis does not answer (${reason(error)}); check REDIS_URL` };
  } finally {
    redis.disconnect();
  }
}

function reason(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}
