import type pg from 'pg';
import { parseConfig, type Config, type Environment } from '../../config/parse-config.js';
import { closeDatabase, openDatabase, type Db } from '../../db/connection/database.js';
import { checkAgora, notAsked, type AgoraChecks } from './agora.js';
import { checkBuckets } from './buckets.js';
import { fine, type Checks } from './check.js';
import { checkClock } from './clock.js';
import { checkDatabase } from './database.js';
import { checkDisks } from './disk.js';
import { checkEmbedded, runningEmbedded } from './embedded.js';
import { checkReceiver } from './receiver.js';
import { checkRedis } from './redis.js';
import { checkApps, checkNode, wrongSetting } from './settings.js';

export type Examination = { environment: Environment; publicUrl: string | null };

/**
 * Looks at all that the service stands on, and changes nothing of it. With wrong settings it tells all of
 * them and no more, for what they name cannot be looked at.
 */
export async function* examine({ environment, publicUrl }: Examination): Checks {
  yield checkNode();
  const parsed = parseConfig(environment);
  if (!parsed.ok) {
    yield* parsed.problems.map(wrongSetting);
    return;
  }
  const { config } = parsed;
  yield fine('settings', `all valid; roles ${config.roles.join(', ')}`);
  yield* checkApps(config);
  yield* await checkDisks(config);
  yield* examineStores(config);
  yield* await checkBuckets(config);
  if (publicUrl !== null) yield* await checkReceiver(publicUrl, config);
}

async function* examineStores(config: Config): Checks {
  const url = config.databaseUrl ?? (await runningEmbedded(config.dataDir));
  if (config.databaseUrl === null) yield await checkEmbedded(config, url);
  const found = url === null ? null : await checkDatabase(url);
  if (found !== null) yield* 'client' in found ? found.checks : [found];
  yield* config.redis === null ? [fine('queue', 'in Postgres')] : await checkRedis(config.redis);
  const opened = found !== null && 'client' in found ? found : null;
  try {
    const isAway = found !== null && opened === null;
    yield* examineAgora(config, isAway, opened?.isBegun === true ? url : null, opened?.client ?? null);
  } finally {
    await opened?.client.end();
  }
}

/** Where the ledger's database does not answer, others may be asking with the slots that it keeps. */
async function* examineAgora(
  config: Config,
  isAway: boolean,
  ledgerUrl: string | null,
  client: pg.Client | null,
): Checks {
  const agora: AgoraChecks = isAway
    ? { checks: config.accounts.map(({ name }) => notAsked(`Agora, account ${name}`)), times: [] }
    : await withLedger(ledgerUrl, (db) => checkAgora(config, db));
  yield* agora.checks;
  const clocks = await checkClock(client, agora.times);
  if (clocks !== null) yield clocks;
}

async function withLedger<T>(url: string | null, work: (db: Db | null) => Promise<T>): Promise<T> {
  if (url === null) return work(null);
  const options = { url, maxConnections: 1, applicationName: 'recording-ledger doctor', onIdleError: () => undefined };
  const db = openDatabase(options);
  return work(db).finally(() => closeDatabase(db));
}
